"""The model of time: steps of a compiled program and a machine's constants give seconds.

A step costs its launch, and then whichever is longer: its arithmetic, spread over the
cores that XLA gave it, or its traffic, each array at the bandwidth of the cache that
still holds it. How far back an array lies is its reuse distance: the bytes touched
since it was last touched itself, at most all the memory the program uses.

Source:
    S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance
    model for multicore architectures", CACM 52(4), 2009, applied to each kernel apart;
    R. L. Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems
    Journal 9(2), 1970, for reuse distances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from labkit.perf.calibration import Calibration
from labkit.perf.steps import Step

__all__ = ["StepTime", "program_s", "reuse_distances", "start_s", "step_times"]

#: Below this many operations XLA's CPU client runs a program at once, on the caller's thread.
#: Source: openxla/xla, xla/pjrt/cpu/cpu_client.cc, ``cheap_computation_``.
_CHEAP_FLOPS = 1000


class StepTime(NamedTuple):
    """What one step is predicted to take in one call, all its runs together.

    Attributes:
        arithmetic_s, traffic_s: the two sides of the roofline; the longer one counts.
        launch_s: the cost of starting the kernel.
    """

    step: Step
    arithmetic_s: float
    traffic_s: float
    launch_s: float

    @property
    def total_s(self) -> float:
        """Seconds."""
        return self.launch_s + max(self.arithmetic_s, self.traffic_s)

    @property
    def bound(self) -> str:
        """What the step waits for: ``"launch"``, ``"arithmetic"`` or ``"traffic"``."""
        sides = {
            "arithmetic": self.arithmetic_s, "traffic": self.traffic_s, "launch": self.launch_s,
        }  # fmt: skip
        return max(sides, key=lambda side: sides[side])


def step_times(
    steps: Sequence[Step], machine: Calibration, *, cores: int, footprint_bytes: float
) -> list[StepTime]:
    """Predict each step of a program.

    Args:
        steps: in the order they run.
        machine: the constants of this machine.
        cores: how many pieces of a step run at once.
        footprint_bytes: all memory the program uses; data cannot be further away.
    """
    distances = reuse_distances(steps)
    times = []
    for step, at in zip(steps, distances, strict=True):
        if step.engine == "loop":
            times.append(StepTime(step, 0.0, 0.0, step.times * machine.loop_s))
            continue
        work_s = sum(n * machine.work_at(step.engine, kind) for kind, n in step.work.items())
        arithmetic_s = work_s / step.threads(cores)
        if step.product is not None:
            arithmetic_s += machine.product_s(step.product)
        traffic_s = sum(
            n_bytes / machine.bandwidth_at(min(at[name], footprint_bytes))
            for touched in (step.reads, step.writes)
            for name, n_bytes in touched.items()
        )
        launch_s = machine.step_s + (machine.fork_s if step.partitions > 1 else 0.0)
        times.append(
            StepTime(step, *(step.times * part for part in (arithmetic_s, traffic_s, launch_s)))
        )
    return times


def program_s(
    steps: Sequence[Step], machine: Calibration, *, cores: int, footprint_bytes: float
) -> float:
    """Seconds of one call of a program, its further arguments apart."""
    times = step_times(steps, machine, cores=cores, footprint_bytes=footprint_bytes)
    seconds = start_s(steps, machine) + sum(time.total_s for time in times)
    return seconds if _is_cheap(steps) else max(seconds, machine.call_s)


def start_s(steps: Sequence[Step], machine: Calibration) -> float:
    """What passes before the first kernel runs: longer if it must wake further cores."""
    parallel = any(step.partitions > 1 or step.engine == "ynn" or step.product for step in steps)
    first_s = machine.cheap_call_s if _is_cheap(steps) else machine.start_s
    return first_s + (machine.wake_s if parallel else 0.0)


def _is_cheap(steps: Sequence[Step]) -> bool:
    return sum(step.times * step.flops for step in steps) < _CHEAP_FLOPS


def reuse_distances(steps: Sequence[Step]) -> list[Mapping[str, float]]:
    """For each step, for each array it touches: bytes touched since that array was last.

    The program is called again and again, so that its first step finds what its last left.
    """
    clock = 0.0
    last_touched: dict[str, float] = {}
    distances: list[Mapping[str, float]] = []
    for _ in range(2):
        distances = []
        for step in steps:
            names = [*step.reads, *step.writes]
            distances.append({n: clock - last_touched.get(n, 0.0) for n in names})
            clock += step.moved_bytes
            last_touched.update(_touch(names, clock - step.moved_bytes))
    return distances


def _touch(names: Iterable[str], clock: float) -> dict[str, float]:
    return dict.fromkeys(names, clock)
