"""Counting what a function computes and moves, before it is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jax

from labkit.perf.arithmetic import arithmetic, array_bytes, traffic_bytes
from labkit.perf.operations import Operation, operations
from labkit.units import format_bytes, format_si

__all__ = ["Count", "OperationCount", "count"]


@dataclass(frozen=True)
class OperationCount:
    """What all uses of one primitive operation add up to."""

    name: str
    calls: int
    flops: float
    transcendentals: float
    moved_bytes: float


@dataclass(frozen=True)
class Count:
    """What a function computes and moves.

    Attributes:
        flops: operations, a multiply-add counted as two; loops times their length.
        transcendentals: exponentials, logarithms, roots: counted apart from ``flops``.
        moved_bytes: each operation reads its operands and writes its results: the traffic
            of a program that fuses nothing.
        minimal_bytes: arguments read once and results written once: no program moves less.
        by_operation: the parts of the sums, the one with most FLOPs first.
        xla_flops, xla_bytes: the same by XLA's analysis of the program it compiled, which
            counts the body of a loop once; ``None`` if not compiled.
        unbounded_loops: ``while`` loops, whose length is known only when they run; their
            bodies are counted once.
    """

    flops: float
    transcendentals: float
    moved_bytes: float
    minimal_bytes: float
    by_operation: tuple[OperationCount, ...]
    xla_flops: float | None = None
    xla_bytes: float | None = None
    unbounded_loops: int = 0

    @property
    def intensity(self) -> float:
        """FLOPs per byte that must move: the horizontal axis of a roofline."""
        return self.flops / self.minimal_bytes if self.minimal_bytes else math.inf

    def __str__(self) -> str:
        moved = f"{format_bytes(self.minimal_bytes)} to {format_bytes(self.moved_bytes)}"
        return (
            f"{format_si(self.flops, 'FLOP')}, {moved} moved, "
            f"at most {self.intensity:.3g} FLOP per byte"
        )


def count(fn: Callable[..., Any], *args: Any, compiled: bool = True) -> Count:
    """Count the operations and bytes of ``fn(*args)`` from its jaxpr, and by XLA's analysis.

    Args:
        fn: a function of JAX arrays.
        *args: its arguments; ``jax.ShapeDtypeStruct`` will do, nothing is computed.
        compiled: ``False`` leaves XLA's figures out, and so costs no compilation.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> square = jax.ShapeDtypeStruct((64, 64), jnp.float32)
        >>> counted = count(jnp.matmul, square, square)
        >>> counted.flops == counted.xla_flops == 2 * 64**3
        True
        >>> print(counted)
        524 kFLOP, 48 KiB to 48 KiB moved, at most 10.7 FLOP per byte
    """
    closed = jax.make_jaxpr(fn)(*args)
    found = list(operations(closed.jaxpr))
    parts = _add_up(found)
    xla = _xla_analysis(fn, args) if compiled else {}
    return Count(
        flops=sum(part.flops for part in parts),
        transcendentals=sum(part.transcendentals for part in parts),
        moved_bytes=sum(part.moved_bytes for part in parts),
        minimal_bytes=float(sum(map(array_bytes, [*closed.in_avals, *closed.out_avals]))),
        by_operation=parts,
        xla_flops=xla.get("flops", 0.0) if compiled else None,
        xla_bytes=xla.get("bytes accessed", 0.0) if compiled else None,
        unbounded_loops=sum(operation.name == "while" for operation in found),
    )


def _add_up(found: Iterable[Operation]) -> tuple[OperationCount, ...]:
    """One line for each primitive, the one with most FLOPs first."""
    sums: dict[str, list[float]] = {}
    for operation in found:
        done, moved = arithmetic(operation), traffic_bytes(operation)
        entry = sums.setdefault(operation.name, [0.0] * 4)
        for place, amount in enumerate((1, done.flops, done.transcendentals, moved)):
            entry[place] += operation.times * amount
    parts = [OperationCount(name, int(entry[0]), *entry[1:]) for name, entry in sums.items()]
    return tuple(sorted(parts, key=lambda part: (-part.flops, -part.moved_bytes)))


def _xla_analysis(fn: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, float]:
    jitted = fn if hasattr(fn, "lower") else jax.jit(fn)
    return dict(jitted.lower(*args).compile().cost_analysis() or {})
