"""What a stage of preparation costs: predicted by the roofline of its bytes, and measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from labkit import perf
from labkit.errors import ArgumentError

__all__ = ["Stage", "time_stage"]


@dataclass(frozen=True)
class Stage:
    """One stage of preparation.

    Attributes:
        name: what it does.
        items: rows, images or texts in one call.
        moved_bytes: what goes in and comes out, each once: no program moves less.
        predicted_s: seconds a call takes at least: its bytes at the bandwidth of memory, or
            its operations at the peak, whichever is longer.
        measured_s: seconds a call takes, the median.
    """

    name: str
    items: int
    moved_bytes: float
    predicted_s: float
    measured_s: float

    @property
    def items_per_s(self) -> float:
        """Rows, images or texts a second."""
        return self.items / self.measured_s

    @property
    def times_bound(self) -> float:
        """How many times slower than the bound."""
        return self.measured_s / self.predicted_s


def time_stage(
    name: str,
    fn: Callable[..., Any],
    *args: Any,
    items: int,
    bandwidth: float,
    peak_flops: float = math.inf,
    compiled: bool = True,
    budget_s: float = 0.3,
) -> Stage:
    """Predict a stage by its bytes, then time it.

    Args:
        name: what it does.
        fn: the stage, a function of ``args``.
        *args: its arguments: arrays, pandas tables, lists of texts.
        items: how many rows, images or texts they hold.
        bandwidth: bytes a second that memory moves on this machine.
        peak_flops: operations a second that it does at best.
        compiled: whether ``fn`` is a JAX function, whose operations can be counted; else it
            is called as plain Python.
        budget_s: seconds to spend on timing.

    Raises:
        ArgumentError: a bandwidth that is not above 0.

    Example:
        >>> stage = time_stage("double", np.add, np.ones(1000), np.ones(1000), items=1000,
        ...                    bandwidth=1e9, compiled=False, budget_s=0.01)
        >>> stage.moved_bytes, stage.predicted_s
        (24000, 2.4e-05)
    """
    if not bandwidth > 0:
        raise ArgumentError("bandwidth", required="above 0", got=bandwidth)
    result = jax.block_until_ready(fn(*args))
    moved = sum(map(nbytes, jax.tree.leaves((args, result))))
    measured = perf.measure(fn, *args, budget_s=budget_s, jit=compiled)
    flops = perf.count(fn, *args, compiled=False).flops if compiled else 0.0
    predicted_s = max(moved / bandwidth, flops / peak_flops)
    return Stage(name, items, moved, predicted_s, measured.median_s)


def nbytes(value: Any) -> int:
    """Bytes of an array, a pandas table, a text; 8 for a number, 0 for anything else."""
    if hasattr(value, "memory_usage"):
        return int(np.sum(value.memory_usage(deep=True)))
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, str):
        return len(value.encode())
    return 8 if isinstance(value, int | float) else 0
