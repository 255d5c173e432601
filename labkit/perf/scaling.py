"""What more devices can buy: the two laws, the ideal schedule, and real processes beside them."""

from __future__ import annotations

import math
import subprocess
import sys
import time

from labkit.errors import ArgumentError, ResourceError

__all__ = ["amdahl_speedup", "gustafson_speedup", "makespan_s", "run_tasks_s"]

#: One task: additions that a compiler cannot leave out, in a process of its own.
_TASK = """
import sys
tasks, rounds = map(int, sys.argv[1:3])
print("ready", flush=True)
sys.stdin.readline()
total = 0
for _ in range(tasks):
    for i in range(rounds):
        total += i & 3
print(total, flush=True)
"""


def amdahl_speedup(serial_share: float, devices: int) -> float:
    """How much faster the same work is done: its serial share stays as it is.

    ``1 / (s + (1 - s) / p)``; never more than ``1 / s``.

    Args:
        serial_share: of the time on one device that no other can help with, 0 to 1.
        devices: how many.

    Source:
        Amdahl, Validity of the single processor approach, AFIPS 1967.

    Example:
        >>> round(amdahl_speedup(0.05, 100), 1), round(amdahl_speedup(0.05, 10**9), 1)
        (16.8, 20.0)
    """
    _check(serial_share, devices)
    return 1.0 / (serial_share + (1.0 - serial_share) / devices)


def gustafson_speedup(serial_share: float, devices: int) -> float:
    """How much more work is done in the same time: only the parallel part grows.

    ``s + (1 - s) p``. The share is that of the time on ``devices`` devices; the two laws are one
    law with two meanings of the share.

    Source:
        Gustafson, Reevaluating Amdahl's law, Communications of the ACM 31, 1988.

    Example:
        >>> round(gustafson_speedup(0.05, 100), 2)
        95.05
    """
    _check(serial_share, devices)
    return serial_share + (1.0 - serial_share) * devices


def makespan_s(tasks: int, task_s: float, devices: int) -> float:
    """The ideal time of equal tasks: in rounds of one task for each device.

    Example:
        >>> makespan_s(1000, 1.0, 100), makespan_s(1001, 1.0, 100), makespan_s(1000, 1.0, 1)
        (10.0, 11.0, 1000.0)
    """
    if tasks < 0 or task_s < 0:
        raise ArgumentError("tasks", required="at least 0, as task_s", got=(tasks, task_s))
    _check(0.0, devices)
    return math.ceil(tasks / devices) * task_s


def run_tasks_s(tasks: int, workers: int, *, rounds: int = 200_000) -> float:
    """Do equal tasks in so many processes at once, and measure the time.

    The processes are started before the clock is; each does its share one after another.

    Args:
        tasks: how many, each of ``rounds`` additions.
        workers: processes.
        rounds: additions of one task.

    Returns:
        Seconds from the start signal until the last one is done.

    Raises:
        ArgumentError: where there is nothing to do.
        ResourceError: where a process ended without its result.
    """
    if tasks < 1 or workers < 1 or rounds < 1:
        raise ArgumentError(
            "tasks", required="at least 1, as workers and rounds", got=(tasks, workers, rounds)
        )
    shares = [tasks // workers + (i < tasks % workers) for i in range(workers)]
    command = [sys.executable, "-S", "-c", _TASK]
    processes = [
        subprocess.Popen(
            [*command, str(share), str(rounds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    try:
        for process in processes:
            _line(process)
        started = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            _line(process)
        return time.perf_counter() - started
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise ResourceError("A worker ended before its task was done.")
    return line


def _check(serial_share: float, devices: int) -> None:
    if not 0 <= serial_share <= 1:
        raise ArgumentError("serial_share", required="from 0 to 1", got=serial_share)
    if devices < 1:
        raise ArgumentError("devices", required="at least 1", got=devices)
