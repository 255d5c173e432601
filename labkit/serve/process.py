"""A server in a process of its own: started, found, stopped."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from labkit.errors import LabkitError, ResourceError
from labkit.export import load_bundle
from labkit.serve.server import LOOPBACK
from labkit.serve.settings import Settings

__all__ = ["ServerProcess", "start_server"]


class ServerProcess:
    """A running server; a context manager that stops it.

    Attributes:
        port: that it answers on, on the loopback address.
        engine: what computes its answers; "" for a balancer.
    """

    def __init__(self, child: subprocess.Popen[bytes], port: int, engine: str) -> None:
        self._child, self.port, self.engine = child, port, engine

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._child.poll()

    def wait(self) -> int:
        """Until it ends; its exit code."""
        return self._child.wait()

    def stop(self, timeout_s: float = 20.0) -> int:
        """Ask it to drain and end; kill it where it does not. Returns the exit code."""
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._child.kill()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()
        return self._child.wait()

    def __enter__(self) -> ServerProcess:  # noqa: PYI034  (beartype reads no Self here)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_server(
    bundle: Path | str,
    settings: Settings | None = None,
    *,
    port: int = 0,
    replicas: int = 1,
    policy: str = "power_of_two",
    cores: Sequence[int] = (),
    log: Path | None = None,
    timeout_s: float = 240.0,
) -> ServerProcess:
    """Serve an exported model from a new process; returns once it answers.

    Args:
        bundle: the folder that :func:`labkit.export.save_bundle` wrote.
        settings: the bounds; of each replica where there are several.
        port: to answer on; 0 takes a free one.
        replicas: processes that compute; with more than one, a balancer stands before them.
        policy: of the balancer, a key of ``POLICIES``.
        cores: numbers of the processor cores it may use (Linux); all of them if empty.
        log: file for its JSON logs; none are kept if not given.
        timeout_s: for it to answer.

    Raises:
        DataError: the folder holds no bundle.
        LabkitError: it ended before it answered; says why.
        ResourceError: it did not answer in time.
    """
    load_bundle(bundle)  # what is no bundle is said at once
    command = [sys.executable, "-m", "labkit.serve", str(bundle), "--port", str(port)]
    command += ["--settings", (settings or Settings()).to_json(), "--watch-stdin"]
    command += ["--replicas", str(replicas), "--policy", policy]
    command += ["--cores", ",".join(map(str, cores))] if cores else []
    command += ["--log", str(log)] if log else []
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if log is None else None,
        env=os.environ | {"PYTHONPATH": _own_path()},
    )
    said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    stream = child.stdout
    assert stream is not None
    threading.Thread(target=lambda: said.put(stream.readline()), daemon=True).start()
    try:
        line = said.get(timeout=timeout_s)
        told = json.loads(line)
        if "error" in told:
            raise LabkitError(told["error"])
        return ServerProcess(child, told["port"], told.get("engine", ""))
    except queue.Empty:
        _end(child)
        raise ResourceError(f"The server did not answer within {timeout_s:g} s.") from None
    except ValueError:
        code = _end(child)
        raise LabkitError(f"The server ended with code {code}; run: {' '.join(command)}") from None
    except LabkitError:
        _end(child)
        raise


def _end(child: subprocess.Popen[bytes]) -> int:
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()
    return child.wait()


def _own_path() -> str:
    """The child finds the labkit that this process runs."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
