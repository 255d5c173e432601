"""Processes for notebooks: started quickly, counted, and ended together."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from labkit.cli.job import Outcome, execute
from labkit.cli.plan import Job

__all__ = ["Processes", "Runner"]


@runtime_checkable
class Runner(Protocol):
    """Where notebooks are run: processes of this machine, or a cluster."""

    def run(self, job: Job, output: Path, cell_timeout_s: float) -> Outcome:
        """Run one job to its end; what came of it."""
        ...

    def stop(self) -> None:
        """End what still runs, and start nothing more."""
        ...


class Processes:
    """Runs jobs in processes of their own, and ends those that still run when told to stop.

    A server process imports papermill once (seconds) and forks itself for each job.
    """

    def __init__(self) -> None:
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else None
        self._context: Any = multiprocessing.get_context(method)
        self._context.set_forkserver_preload(["papermill", "labkit.cli.job"])
        self._pipes: set[Connection] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, job: Job, output: Path, cell_timeout_s: float) -> Outcome:
        """Run one job to its end; what came of it."""
        with self._lock:
            if self._stopped:
                return Outcome("failed", "the run was interrupted")
            ours, theirs = self._context.Pipe()
            told = (theirs, str(job.notebook.resolve()), str(output.resolve()))
            # The server keeps the environment of its start, which may be of an earlier command.
            how = (dict(job.parameters), cell_timeout_s, dict(os.environ))
            process = self._context.Process(target=execute, args=(*told, *how))
            process.start()
            theirs.close()
            self._pipes.add(ours)
        try:
            return ours.recv()
        except (EOFError, OSError):
            return Outcome("failed", "its process ended before it did")
        finally:
            process.join()
            with self._lock:
                self._pipes.discard(ours)
                ours.close()

    def stop(self) -> None:
        """End what still runs, and start nothing more."""
        with self._lock:
            self._stopped = True
            for pipe in self._pipes:
                pipe.send("end")
