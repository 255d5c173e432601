"""Where the time of a compiled program goes, instruction by instruction."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax

__all__ = ["InstructionTime", "profile"]


class InstructionTime(NamedTuple):
    """Time of one instruction of the compiled program, per call of the function."""

    name: str
    time_s: float
    runs: float


def profile(fn: Callable[..., Any], *args: Any, calls: int = 10) -> tuple[InstructionTime, ...]:
    """Run ``fn(*args)`` under JAX's profiler; the slowest instruction comes first.

    Names are those of the compiled program (``jitted.lower(*args).compile().as_text()``).
    Times of instructions that ran side by side overlap, so their sum may exceed the whole.

    Example:
        >>> import jax.numpy as jnp
        >>> times = profile(lambda x: jnp.tanh(x @ x), jnp.ones((64, 64)), calls=3)
        >>> times[0].time_s >= times[-1].time_s > 0
        True
    """
    jitted = fn if hasattr(fn, "lower") else jax.jit(fn)
    names = set(_instruction_names(jitted.lower(*args).compile().as_text()))
    jax.block_until_ready(jitted(*args))
    spent: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(calls):
                jax.block_until_ready(jitted(*args))
        for file in Path(folder).rglob("*.xplane.pb"):
            for plane in jax.profiler.ProfileData.from_file(str(file)).planes:
                for line in plane.lines:
                    for event in line.events:
                        if event.name in names:
                            spent[event.name].append(event.duration_ns * 1e-9)
    times = [InstructionTime(n, sum(t) / calls, len(t) / calls) for n, t in spent.items()]
    return tuple(sorted(times, key=lambda time: -time.time_s))


def _instruction_names(text: str) -> list[str]:
    from labkit.perf.hlo import parse_hlo

    program = parse_hlo(text)
    return [name for part in program.computations.values() for name in part.instructions]
