"""A contender in a process of its own, timed in turn with the others.

Peers bring their own thread pools and want their own allocator settings, so that they cannot
share a process. The parent asks each worker in turn for one reading; the others are stopped
meanwhile, since threads of an idle library may spin for work and take a core from the next.
"""

from __future__ import annotations

import importlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["TUNED", "Worker", "take_turns"]

#: glibc keeps freed memory instead of handing it back: what labkit does by itself.
TUNED = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "2147483647",
    "MALLOC_ARENA_MAX": "1",
}


class Worker:
    """A child process that holds one callable and times it on request.

    Args:
        target: ``"module:function"``; the function returns the callable, which must wait for its
            own result.
        environment: variables on top of the parent's.
    """

    def __init__(self, target: str, environment: Mapping[str, str] | None = None) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._worker", target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    def ready(self) -> bool:
        """Wait until the callable has run once; false where it could not."""
        answer = self._answer().strip()
        self._child.send_signal(signal.SIGSTOP)
        return answer == "ready"

    def reading(self, calls: int) -> float:
        """Seconds per call over so many calls."""
        assert self._child.stdin is not None
        self._child.send_signal(signal.SIGCONT)
        self._child.stdin.write(f"{calls}\n")
        self._child.stdin.flush()
        answer = float(self._answer())
        self._child.send_signal(signal.SIGSTOP)
        return answer

    def latencies(self, calls: int) -> list[float]:
        """Seconds of each of so many calls, one by one."""
        assert self._child.stdin is not None
        self._child.send_signal(signal.SIGCONT)
        self._child.stdin.write(f"each {calls}\n")
        self._child.stdin.flush()
        answer = [float(value) for value in self._answer().split()]
        self._child.send_signal(signal.SIGSTOP)
        return answer

    def stop(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.wait()

    def _answer(self) -> str:
        """The child's next word to the parent; what libraries print is passed over."""
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.startswith("worker:"):
                return line.removeprefix("worker:")
        return "nan"


def take_turns(
    contenders: Mapping[str, tuple[str, Mapping[str, str]]], *, calls: int = 12, rounds: int = 9
) -> dict[str, float]:
    """Median seconds per call of each contender that could run, timed in turn."""
    running: dict[str, Worker] = {}
    workers: list[Worker] = []
    try:
        for name, (target, environment) in contenders.items():
            workers.append(Worker(target, environment))
            if workers[-1].ready():
                running[name] = workers[-1]
                workers[-1].reading(calls)
        readings: dict[str, list[float]] = {name: [] for name in running}
        for _ in range(rounds):
            for name, worker in running.items():
                readings[name].append(worker.reading(calls))
        return {name: statistics.median(values) for name, values in readings.items()}
    finally:
        for worker in workers:
            worker.stop()


def _serve(target: str) -> None:
    module, function = target.split(":")
    call = getattr(importlib.import_module(module), function)()
    call()
    print("worker:ready", flush=True)
    for line in sys.stdin:
        calls = int(line.removeprefix("each "))
        call()
        if line.startswith("each "):
            print("worker:" + " ".join(f"{_once(call):.9f}" for _ in range(calls)), flush=True)
            continue
        start = time.perf_counter()
        for _ in range(calls):
            call()
        print(f"worker:{(time.perf_counter() - start) / calls}", flush=True)


def _once(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    _serve(sys.argv[1])
