"""Timing a function honestly: compiled apart from run, waited for, repeated, as quartiles."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from labkit.errors import ArgumentError
from labkit.units import format_time

__all__ = ["Measurement", "measure"]


@dataclass(frozen=True)
class Measurement:
    """What a timed function took.

    Attributes:
        median_s, lower_quartile_s, upper_quartile_s: seconds per call.
        compile_s: seconds to trace and compile (or to load from the compilation cache).
        repeats: calls timed, after the warm-up.

    Example:
        >>> print(Measurement(2e-3, 1.9e-3, 2.2e-3, 0.1, 50))
        2 ms (1.9 ms to 2.2 ms, 50 calls, compiled in 100 ms)
    """

    median_s: float
    lower_quartile_s: float
    upper_quartile_s: float
    compile_s: float
    repeats: int

    def __str__(self) -> str:
        low, high = format_time(self.lower_quartile_s), format_time(self.upper_quartile_s)
        compiled = f", compiled in {format_time(self.compile_s)}" if self.compile_s else ""
        return f"{format_time(self.median_s)} ({low} to {high}, {self.repeats} calls{compiled})"


def measure(
    fn: Callable[..., Any],
    *args: Any,
    budget_s: float = 0.5,
    jit: bool = True,
    advance: Callable[[tuple[Any, ...], Any], tuple[Any, ...]] | None = None,
) -> Measurement:
    """Time ``fn(*args)`` on the default device, each call waited for.

    JAX returns before the device is done, compiles at the first call, and the first
    calls touch cold memory; so the function is compiled first, called twice untimed, and
    then called until ``budget_s`` is spent (at least 5 and at most 1,000 times).

    Args:
        fn: what to time; jitted here unless it is jitted already.
        *args: its arguments.
        budget_s: seconds to spend on timed calls.
        jit: ``False`` times ``fn`` as it is (a NumPy function, plain Python).
        advance: ``(args, result) -> args`` of the next call, for a function that gives
            its arguments away (donation) or a training step that feeds itself.

    Raises:
        ArgumentError: if ``budget_s`` is not positive.

    Source:
        JAX documentation, "Benchmarking JAX code".

    Example:
        >>> import jax.numpy as jnp
        >>> timed = measure(jnp.sin, jnp.ones(1000), budget_s=0.01)
        >>> 0 < timed.lower_quartile_s <= timed.median_s <= timed.upper_quartile_s
        True
    """
    if not budget_s > 0:
        raise ArgumentError("budget_s", required="a positive number of seconds", got=budget_s)
    compile_s = 0.0
    if jit:
        fn = fn if hasattr(fn, "lower") else jax.jit(fn)
        start = time.perf_counter()
        fn.lower(*args).compile()
        compile_s = time.perf_counter() - start
    readings: list[float] = []
    for _ in range(2):
        args = _timed_call(fn, args, advance, [])
    while len(readings) < 5 or (sum(readings) < budget_s and len(readings) < 1000):
        args = _timed_call(fn, args, advance, readings)
    low, median, high = statistics.quantiles(readings, n=4, method="inclusive")
    return Measurement(median, low, high, compile_s, len(readings))


def _timed_call(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    advance: Callable[[tuple[Any, ...], Any], tuple[Any, ...]] | None,
    readings: list[float],
) -> tuple[Any, ...]:
    start = time.perf_counter()
    result = jax.block_until_ready(fn(*args))
    readings.append(time.perf_counter() - start)
    return args if advance is None else advance(args, result)
