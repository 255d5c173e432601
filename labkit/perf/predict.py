"""Predicting what a function will take, on this machine or on another."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from labkit.errors import ArgumentError
from labkit.hw import DeviceSpec, get_device, this_device
from labkit.perf.arithmetic import arithmetic, array_bytes, traffic_bytes
from labkit.perf.calibrate import calibrate
from labkit.perf.calibration import Calibration
from labkit.perf.operations import Operation, operations
from labkit.perf.steps import compiled_steps
from labkit.perf.timing import StepTime, program_s, step_times
from labkit.units import format_time

__all__ = ["Prediction", "predict"]

_MATRIX = ("dot_general", "conv_general_dilated")


@dataclass(frozen=True)
class Prediction:
    """How long a call will take.

    Attributes:
        seconds: the prediction.
        low_s, high_s: on this machine, where 4 of 5 check programs of the calibration would
            lie; on another device, what no program can beat, and what one that fuses
            nothing would take.
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
    constant for a workload. For another device, from counts and its published peaks.

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
        >>> print(there)
        139 µs (139 µs to 139 µs) on NVIDIA H200 SXM
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
    results = jax.tree.leaves(jax.eval_shape(fn, *args))
    seconds = program_s(steps, machine, cores=here.cores, footprint_bytes=footprint)
    seconds += machine.argument_s * max(len(jax.tree.leaves(args)) - 1, 0)
    seconds += machine.result_s * max(len(results) - 1, 0)
    margin = math.exp(machine.spread)
    return Prediction(seconds, seconds / margin, seconds * margin, here.name, tuple(times))


def _predict_elsewhere(
    fn: Callable[..., Any], args: tuple[Any, ...], device: DeviceSpec
) -> Prediction:
    """From published peaks: products each on their own roofline, all else fused into them."""
    if not device.peak_flops or not device.bandwidth_bytes_per_s:
        raise ArgumentError("device", required="a device with known peak and bandwidth", got=device)
    bandwidth = device.bandwidth_bytes_per_s
    closed = jax.make_jaxpr(fn)(*args)
    found = list(operations(closed.jaxpr))
    products_s = unfused_s = arithmetic_s = 0.0
    for operation in found:
        compute_s = arithmetic(operation).flops / _peak(operation, device)
        alone_s = max(compute_s, traffic_bytes(operation) / bandwidth)
        unfused_s += operation.times * alone_s
        if operation.name in _MATRIX:
            products_s += operation.times * alone_s
            arithmetic_s += operation.times * compute_s
    minimal_bytes = sum(map(array_bytes, [*closed.in_avals, *closed.out_avals]))
    low_s = max(arithmetic_s, minimal_bytes / bandwidth)
    seconds = max(products_s, low_s)
    return Prediction(seconds, low_s, max(unfused_s, seconds), device.name)


def _peak(operation: Operation, device: DeviceSpec) -> float:
    """The peak for the operands' precision, as JAX uses the device by default.

    Products of float32 run in TensorFloat-32 on a GPU that has it and in bfloat16 on a
    TPU; a precision that is not published counts as the slowest one that is.
    """
    dtype = str(getattr(operation.inputs[0], "dtype", "float32"))
    wanted = [dtype]
    if operation.name in _MATRIX and dtype == "float32" and device.kind != "cpu":
        wanted = ["bfloat16"] if device.kind == "tpu" else ["tensorfloat32", "float32"]
    for name in wanted:
        if name in device.peak_flops:
            return device.peak_flops[name]
    return min(device.peak_flops.values())
