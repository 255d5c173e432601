"""Measuring the constants of this machine, in well under a minute."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax

from labkit.errors import DataError
from labkit.hw import this_device
from labkit.perf.calibration import Calibration, calibration_file
from labkit.perf.constants import Timed, derive_constants
from labkit.perf.one_core import one_core_peaks
from labkit.perf.probes import (
    Probe,
    bandwidth_probes,
    check_probes,
    overhead_probes,
    product_probes,
    work_probes,
)
from labkit.perf.steps import Step, compiled_steps

__all__ = ["Calibrator", "calibrate", "call_s"]

_LARGEST_BYTES = 2.0**28

_GROUPS: dict[str, Callable[[], Iterable[Probe]]] = {
    "overhead": overhead_probes,
    "bandwidth": partial(bandwidth_probes, _LARGEST_BYTES),
    "work": work_probes,
    "products": product_probes,
    "checks": check_probes,
}


def calibrate(*, refresh: bool = False, rounds: int = 8) -> Calibration:
    """The constants of this machine: measured once, then read from the user's cache folder.

    Args:
        refresh: measure again.
        rounds: how often all probes are gone through, about two seconds each; a stored
            calibration of fewer rounds is measured again.

    Example:
        >>> calibrate.__name__  # takes half a minute the first time
        'calibrate'
    """
    file = calibration_file()
    stored = None if refresh else _stored(file)
    if stored is not None and stored.rounds >= rounds:
        return stored
    calibrator = Calibrator()
    for _ in range(rounds):
        calibrator.round()
    measured = calibrator.result()
    if this_device().kind == "cpu" and this_device().cores > 1:
        measured = replace(measured, peak_flops=_with_one_core(measured.peak_flops))
    measured.save(file)
    return measured


def _with_one_core(peaks: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    alone = one_core_peaks()
    return {
        precision: ({"1": alone[precision]} if precision in alone else {}) | dict(by_threads)
        for precision, by_threads in peaks.items()
    }


def _stored(file: Path) -> Calibration | None:
    """What was kept, unless nothing was or it cannot be read: it can be measured again."""
    try:
        return Calibration.load(file) if file.exists() else None
    except DataError:
        return None


class Calibrator:
    """All probes, compiled, to be timed in rounds.

    Going round and round, rather than timing each probe at length, spreads a disturbance
    over all of them; and each keeps its best round, so that what passes does not count.
    A benchmark that times other things between two rounds sees the same machine.

    Args:
        slice_s: seconds given to each probe in each round.
        groups: which constants to measure: ``"overhead"``, ``"bandwidth"``, ``"work"``,
            ``"products"``, and ``"checks"`` for the margin of intervals.
    """

    def __init__(self, *, slice_s: float = 0.004, groups: Collection[str] = tuple(_GROUPS)) -> None:
        self._slice_s = slice_s
        self._start, self._rounds = time.perf_counter(), 0
        self._ready = {
            name: [_prepare(probe) for probe in probes()] if name in groups else []
            for name, probes in _GROUPS.items()
        }

    def round(self) -> None:
        """Time every probe once more."""
        self._rounds += 1
        for group in self._ready.values():
            for ready in group:
                ready.best_s = min(ready.best_s, call_s(ready.jitted, ready.args, self._slice_s))

    def result(self) -> Calibration:
        """The constants, from the best round of each probe."""
        timed = {name: [ready.timed() for ready in group] for name, group in self._ready.items()}
        took_s = time.perf_counter() - self._start
        return replace(derive_constants(timed), rounds=self._rounds, took_s=took_s)


@dataclass
class _Ready:
    """A probe that is compiled and has run once."""

    probe: Probe
    jitted: Callable[..., Any]
    steps: tuple[Step, ...]
    footprint_bytes: float
    best_s: float = math.inf

    @property
    def args(self) -> tuple[Any, ...]:
        return self.probe.args

    def timed(self) -> Timed:
        return Timed(self.probe, self.steps, self.best_s, self.footprint_bytes)


def _prepare(probe: Probe) -> _Ready:
    jitted = jax.jit(probe.fn)
    steps, footprint_bytes = compiled_steps(jitted, *probe.args)
    jax.block_until_ready(jitted(*probe.args))
    return _Ready(probe, jitted, steps, footprint_bytes)


def call_s(jitted: Callable[..., Any], args: tuple[Any, ...], slice_s: float) -> float:
    """Median seconds of a call, from at least 3 calls and at most ``slice_s`` of them."""
    calls: list[float] = []
    while len(calls) < 3 or (sum(calls) < slice_s and len(calls) < 200):
        start = time.perf_counter()
        jax.block_until_ready(jitted(*args))
        calls.append(time.perf_counter() - start)
    return statistics.median(calls)
