"""Predicting what a function will take, on this machine or on another."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from labkit.hw import DeviceSpec, get_device, this_device
from labkit.perf.calibrate import calibrate
from labkit.perf.calibration import Calibration
from labkit.perf.demand import demand
from labkit.perf.elsewhere import device_s, efficiency, fastest_s, interval_s
from labkit.perf.steps import compiled_steps
from labkit.perf.timing import StepTime, program_s, step_times
from labkit.units import format_time

__all__ = ["Prediction", "predict"]


@dataclass(frozen=True)
class Prediction:
    """How long a call will take.

    Attributes:
        seconds: the prediction.
        low_s, high_s: on this machine, where 4 of 5 check programs of the calibration would
            lie; on another device, where 4 of 5 published measurements lie.
        device: for which device.
        steps: what each kernel takes, in order; empty for another device.
    """

    seconds: float
    low_s: float
    high_s: float
    device: str
    steps: tuple[StepTime, ...] = ()

    def __str__(self) -> str:
        low, high = format_time(self.low_s), format_time(self.high_s)
        return f"{format_time(self.seconds)} ({low} to {high}) on {self.device}"


def predict(
    fn: Callable[..., Any],
    *args: Any,
    device: DeviceSpec | str | None = None,
    calibration: Calibration | None = None,
) -> Prediction:
    """Predict the time of ``fn(*args)`` before it is run.

    Here, from the steps of the compiled program and this machine's calibration; there is no
    constant for a workload. For another device, from counts, its published peaks, and the share
    of them that devices reach (:class:`labkit.perf.Efficiency`), which is the same for all.

    Args:
        fn: a function of JAX arrays.
        *args: its arguments, or their shapes as ``jax.ShapeDtypeStruct``.
        device: another device, or its name in the catalogue.
        calibration: constants to use instead of this machine's own.

    Raises:
        ArgumentError: if the device has no published bandwidth or peak.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> square = jax.ShapeDtypeStruct((4096, 4096), jnp.bfloat16)
        >>> there = predict(jnp.matmul, square, square, device="NVIDIA H200 SXM")
        >>> there.device, 138e-6 < there.low_s < there.seconds < there.high_s
        ('NVIDIA H200 SXM', True)
    """
    if device is not None:
        return _predict_elsewhere(
            fn, args, get_device(device) if isinstance(device, str) else device
        )
    return _predict_here(fn, args, calibration or calibrate())


def _predict_here(
    fn: Callable[..., Any], args: tuple[Any, ...], machine: Calibration
) -> Prediction:
    here = this_device()
    steps, footprint = compiled_steps(fn, *args)
    times = step_times(steps, machine, cores=here.cores, footprint_bytes=footprint)
    jitted = fn if hasattr(fn, "lower") else jax.jit(fn)
    results = jax.tree.leaves(jitted.lower(*args).out_info)
    seconds = program_s(steps, machine, cores=here.cores, footprint_bytes=footprint)
    seconds += machine.argument_s * max(len(jax.tree.leaves(args)) - 1, 0)
    seconds += machine.result_s * max(len(results) - 1, 0)
    margin = math.exp(machine.spread)
    return Prediction(seconds, seconds / margin, seconds * margin, here.name, tuple(times))


def _predict_elsewhere(
    fn: Callable[..., Any], args: tuple[Any, ...], device: DeviceSpec
) -> Prediction:
    """From its data sheet and what devices reach of theirs."""
    reached, asked = efficiency(), demand(fn, *args)
    seconds = device_s(asked, device, reached)
    low_s, high_s = interval_s(seconds, fastest_s(asked, device), reached)
    return Prediction(seconds, low_s, high_s, device.name)
