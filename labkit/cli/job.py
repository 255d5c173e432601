"""One notebook in a process of its own, so that its memory is its own and it can be ended.

The process holds one end of a pipe and sends the outcome through it. When it receives
anything, or the other end closes because the parent died, it ends at once with its
kernel, so that no killed run leaves anything computing.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

__all__ = ["Outcome", "execute", "run_notebook"]


@dataclass(frozen=True)
class Outcome:
    """What came of one notebook.

    Attributes:
        status: ``"ok"`` or ``"failed"``.
        error: one line, empty if all went well.
        measured_s: wall time, the start of the kernel included.
        peak_bytes: the most memory that the kernel held at once.
    """

    status: str
    error: str
    measured_s: float = 0.0
    peak_bytes: int = 0


def execute(
    pipe: Connection,
    notebook: str,
    output: str,
    parameters: dict[str, Any],
    cell_timeout_s: float,
    environment: dict[str, str],
) -> None:
    """Run a notebook by papermill and send its :class:`Outcome`; the body of the process."""
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()
    with Path(output).with_suffix(".log").open("w") as log:
        os.dup2(log.fileno(), 2)  # what the kernel and papermill say on the way
    pipe.send(run_notebook(notebook, output, parameters, cell_timeout_s))


def run_notebook(
    notebook: str, output: str, parameters: dict[str, Any], cell_timeout_s: float
) -> Outcome:
    """Run a notebook by papermill in a kernel that is this process's only child."""
    start = time.perf_counter()
    error = _error_of(notebook, output, parameters, cell_timeout_s)
    status = "failed" if error else "ok"
    return Outcome(status, error, time.perf_counter() - start, _peak_bytes())


def _error_of(notebook: str, output: str, parameters: dict[str, Any], cell_timeout_s: float) -> str:
    import papermill

    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters,
            kernel_name="python3",
            progress_bar=False,
            cwd=str(Path(notebook).parent),
            execution_timeout=cell_timeout_s,
        )
    except papermill.exceptions.PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}".strip()[:500]
    except Exception as error:
        return f"{type(error).__name__}: {error}".strip()[:500]
    return ""


def _peak_bytes() -> int:
    """The most memory that this process's only child, the kernel, held."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _end_with_parent(pipe: Connection) -> None:
    with contextlib.suppress(EOFError):
        pipe.recv()  # returns when told to end, or when the other end is gone
    import psutil

    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(1)
