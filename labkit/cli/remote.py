"""Notebooks on a Dask cluster: the text goes there, the executed notebook comes back.

The workers need labkit and nothing of this machine's disk. Each notebook runs in a
process of its own on its worker, so that its memory is its own. Dask sends objects by
pickle: connect to a scheduler that you trust.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labkit.cli.job import Outcome, run_notebook
from labkit.cli.plan import Job
from labkit.errors import ArgumentError

__all__ = ["DaskCluster", "run_text"]

CONNECT_TIMEOUT_S = 20
_PROGRAM = "from labkit.cli.remote import _main; _main()"


class DaskCluster:
    """Runs jobs on the workers of a scheduler.

    Args:
        address: of the scheduler, for instance ``tcp://127.0.0.1:8786``.

    Raises:
        ArgumentError: Dask is not installed, or no scheduler answers there.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            fix = "Install it: pip install 'labkit[dask]'."
            required = "used where Dask is installed"
            raise ArgumentError("--dask", required=required, got=address, fix=fix) from None
        try:
            self._client: Any = Client(address, timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError) as error:
            required = "the address of a Dask scheduler that answers"
            raise ArgumentError("--dask", required=required, got=f"{address} ({error})") from None
        self._futures: set[Any] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, job: Job, output: Path, cell_timeout_s: float) -> Outcome:
        """Run one job on a worker and write its executed notebook here."""
        text = job.notebook.read_text(encoding="utf-8")
        asked = (text, job.notebook.name, dict(job.parameters), cell_timeout_s)
        with self._lock:
            if self._stopped:
                return Outcome("failed", "the run was interrupted")
            future = self._client.submit(run_text, *asked, pure=False)
            self._futures.add(future)
        try:
            outcome, executed, said = future.result()
        except Exception as error:  # whatever a cluster may answer
            return Outcome("failed", f"{type(error).__name__}: {error}".strip()[:500])
        finally:
            with self._lock:
                self._futures.discard(future)
        output.write_text(executed, encoding="utf-8")
        output.with_suffix(".log").write_text(said, encoding="utf-8")
        return Outcome(**outcome)

    def stop(self) -> None:
        """Cancel what waits and leave the cluster; what a worker runs, it ends by itself."""
        with self._lock:
            self._stopped = True
            for future in self._futures:
                future.cancel()
        self._client.close()


def run_text(
    notebook: str, name: str, parameters: dict[str, Any], cell_timeout_s: float
) -> tuple[dict[str, Any], str, str]:
    """On the worker: run a notebook given as text, in a process of its own.

    Returns:
        The fields of its :class:`Outcome`, the executed notebook, and what was said on the way.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, name), Path(folder, "executed", name)
        output.parent.mkdir()
        source.write_text(notebook, encoding="utf-8")
        words = [str(source), str(output), json.dumps(parameters), str(cell_timeout_s)]
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *words], capture_output=True, text=True
        )
        executed = output.read_text(encoding="utf-8") if output.exists() else notebook
    if done.returncode:
        return asdict(Outcome("failed", "its process ended before it did")), executed, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), executed, done.stderr


def _main() -> None:
    """The body of the process: arguments in, the outcome as the last line out."""
    source, output, parameters, cell_timeout_s = sys.argv[1:]
    outcome = run_notebook(source, output, json.loads(parameters), float(cell_timeout_s))
    print(json.dumps(asdict(outcome)))
