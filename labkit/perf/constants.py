"""From the times of the probes to the constants of the machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from labkit.hw import this_device
from labkit.perf.calibration import Calibration, machine_name
from labkit.perf.probes import Probe
from labkit.perf.products import Product
from labkit.perf.steps import Step
from labkit.perf.timing import StepTime, program_s, start_s, step_times

__all__ = ["Timed", "derive_constants"]

_RESOLUTION_S = 5e-7  # differences of times below this are noise


class Timed(NamedTuple):
    """A probe, the steps it compiled to, and the best round's median of its calls."""

    probe: Probe
    steps: tuple[Step, ...]
    seconds: float
    footprint_bytes: float


def derive_constants(timed: Mapping[str, Sequence[Timed]]) -> Calibration:
    """Each constant from its own probes, less what the constants before it explain.

    Args:
        timed: the probes of ``"overhead"``, ``"bandwidth"``, ``"work"``, ``"products"`` and
            ``"checks"``; all but the first may be empty.
    """
    known = _with_overheads(timed["overhead"])
    if timed["bandwidth"]:
        known = replace(known, bandwidth=_bandwidths(timed["bandwidth"], known))
        known = replace(known, fork_s=_fork_s(timed["overhead"], known))
        known = replace(known, bandwidth=_bandwidths(timed["bandwidth"], known))
    known = replace(known, work_s=_works(timed["work"], known))
    known = replace(known, products=_products(timed["products"], known))
    spread = _spread(timed["checks"], known)
    return replace(known, peak_flops=_peaks(known.products), spread=spread)


def _with_overheads(timed: Sequence[Timed]) -> Calibration:
    by_name = {entry.probe.name: entry for entry in timed}
    shortest_s = by_name["call"].seconds
    step_s, awake_s = _slope(by_name["few steps"], by_name["many steps"])
    _, idle_s = _slope(by_name["few whole"], by_name["many whole"])
    results, arguments, rounds = (by_name[name] for name in ("results", "arguments", "rounds"))
    # Each further result brings a further kernel along; the arguments come on top of that.
    result_s = max((results.seconds - shortest_s) / results.probe.amount - step_s, 0.0)
    argument_s = (arguments.seconds - results.seconds) / arguments.probe.amount
    # In the slope each kernel brings a result, but the first result is part of the call.
    start_s = min(idle_s + result_s, shortest_s)
    wake_s = max(awake_s - start_s, 0.0)
    inside = sum(step.times for step in rounds.steps if step.engine != "loop")
    turns = sum(step.times for step in rounds.steps if step.engine == "loop")
    turning_s = rounds.seconds - start_s - wake_s - inside * step_s
    return Calibration(
        machine=machine_name(),
        call_s=shortest_s,
        cheap_call_s=max(by_name["cheap call"].seconds - step_s, 0.0),
        start_s=start_s,
        wake_s=wake_s,
        argument_s=max(argument_s, 0.0),
        result_s=result_s,
        step_s=step_s,
        fork_s=0.0,
        loop_s=max(turning_s / turns, 0.0),
        bandwidth=((1.0, 1e15),),
    )


def _fork_s(timed: Sequence[Timed], known: Calibration) -> float:
    """A kernel spread over the cores against a half of it that is not, their traffic apart."""
    by_name = {entry.probe.name: entry for entry in timed}
    total_s = 0.0
    for name, sign in (("spread", 1), ("whole", -1)):
        few, many = by_name[f"few {name}"], by_name[f"many {name}"]
        times = step_times(
            many.steps, known, cores=this_device().cores, footprint_bytes=many.footprint_bytes
        )
        traffic_s = sum(time.traffic_s for time in times) / many.probe.amount
        total_s += sign * (_slope(few, many)[0] - traffic_s)
    return max(total_s, 0.0)


def _slope(few: Timed, many: Timed) -> tuple[float, float]:
    """Seconds of each further kernel, and what is left for none at all."""
    each_s = (many.seconds - few.seconds) / (many.probe.amount - few.probe.amount)
    each_s = max(each_s, _RESOLUTION_S / 10)
    return each_s, max(few.seconds - few.probe.amount * each_s, 0.0)


def _bandwidths(timed: Sequence[Timed], known: Calibration) -> tuple[tuple[float, float], ...]:
    """Bytes per second by bytes touched since last time."""
    lost_s = known.start_s + known.wake_s + known.step_s + known.fork_s
    return tuple(
        (e.probe.amount, e.probe.amount / max(e.seconds - lost_s, _RESOLUTION_S)) for e in timed
    )


def _works(timed: Sequence[Timed], known: Calibration) -> dict[str, float]:
    """Seconds per element: what a probe takes beyond its other parts, unless traffic hides it."""
    cores = this_device().cores
    work_s: dict[str, float] = {}
    for entry in timed:
        kind = entry.probe.name
        steps = [step for step in entry.steps if kind in step.work]
        if not steps:  # this version of XLA says it in other words
            continue
        key = f"{steps[0].engine}:{kind}"
        if key in work_s:
            continue
        without = replace(known, work_s=work_s | {key: 0.0})
        spent_s = _remainder(entry, steps, without)
        elements = sum(step.times * step.work[kind] / step.threads(cores) for step in steps)
        work_s[key] = spent_s / elements
    return work_s


def _products(timed: Sequence[Timed], known: Calibration) -> tuple[tuple[Product, float], ...]:
    """Seconds of each product, its traffic included: libraries hide one behind the other."""
    found: dict[Product, float] = {}
    for entry in timed:
        last = next((step.product for step in reversed(entry.steps) if step.product), None)
        if last is None or last in found:
            continue
        steps = [step for step in entry.steps if step.product == last]
        spent_s, _ = _spent(entry, steps, known)
        found[last] = max(spent_s / sum(step.times for step in steps), _RESOLUTION_S)
    return tuple(found.items())


def _remainder(entry: Timed, steps: list[Step], known: Calibration) -> float:
    """The arithmetic of some steps, as far as it is known only from this probe.

    Nothing, if the traffic of the steps is enough to explain their time.
    """
    spent_s, times = _spent(entry, steps, known)
    if spent_s < 1.1 * sum(time.traffic_s for time in times):
        return 0.0
    return max(spent_s - sum(time.arithmetic_s for time in times), 0.0)


def _spent(entry: Timed, steps: list[Step], known: Calibration) -> tuple[float, list[StepTime]]:
    """The probe's time less its call, its launches and all other steps."""
    bare = [replace(step, product=None) if step in steps else step for step in entry.steps]
    times = step_times(
        bare, known, cores=this_device().cores, footprint_bytes=entry.footprint_bytes
    )
    chosen = [time for time, step in zip(times, entry.steps, strict=True) if step in steps]
    others_s = sum(time.total_s for time in times) - sum(time.total_s for time in chosen)
    launches_s = sum(time.launch_s for time in chosen)
    return entry.seconds - start_s(entry.steps, known) - others_s - launches_s, chosen


def _spread(checks: Sequence[Timed], known: Calibration) -> float:
    """The error that four of five check programs stay below, as a logarithm."""
    cores = this_device().cores
    errors = []
    for entry in checks:
        predicted_s = program_s(
            entry.steps, known, cores=cores, footprint_bytes=entry.footprint_bytes
        )
        errors.append(abs(math.log(predicted_s / entry.seconds)))
    return float(np.quantile(errors, 0.8)) if errors else 0.0


def _peaks(products: Iterable[tuple[Product, float]]) -> dict[str, dict[str, float]]:
    """The best rate of any product that takes long enough to be timed well, on all cores."""
    names = {"f32": "float32", "bf16": "bfloat16", "s8": "int8"}
    cores = str(this_device().cores)
    best: dict[str, float] = {}
    for product, seconds in products:
        if seconds > 100 * _RESOLUTION_S:
            name = names.get(product.dtype, product.dtype)
            best[name] = max(best.get(name, 0.0), product.flops / seconds)
    return {name: {cores: rate} for name, rate in best.items()}
