"""Runs all steps on a state: unrolled or scanned, differentiated by either method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from .rotations import Groups, half_turns
from .steps import step_backward, step_forward
from .tables import Numbers, Tables

__all__ = ["is_unrolled", "make_evolve"]

_UNROLLED = 6  # steps up to which each is traced on its own, with its zeros left out

Evolve = Callable[[jax.Array, list[Numbers]], jax.Array]


def is_unrolled(tables: Tables) -> bool:
    """Whether the steps' numbers come one by one, or stacked in a list of one."""
    return len(tables) <= _UNROLLED


def make_evolve(
    tables: Tables,
    groups: Sequence[Groups],
    *,
    adjoint: bool,
    before_gradient: Callable[[], None],
) -> Evolve:
    """The function (planes, numbers) -> planes.

    Numbers are one for each step where `is_unrolled`, else one with all steps stacked; and
    ``groups`` likewise. With ``adjoint`` the function is differentiated by undoing the steps,
    in the memory of a few states; otherwise by JAX, which keeps every state on the way and
    allows forward mode too. ``before_gradient`` is called when a gradient is first asked for.
    """
    loop = partial(_unrolled if is_unrolled(tables) else _scanned, tables, groups)

    def forward(state: jax.Array, numbers: list[Numbers]) -> jax.Array:
        def step(groups: Groups, state: jax.Array, row: Any) -> tuple[jax.Array, None]:
            return step_forward(tables, groups, state, *row), None

        return loop(step, state, numbers)[0]

    if not adjoint:
        return forward

    def keep(state: jax.Array, numbers: list[Numbers]) -> tuple[jax.Array, tuple[Any, Any]]:
        before_gradient()
        state = forward(state, numbers)
        return state, (state, numbers)

    def backward(kept: tuple[Any, Any], slope: jax.Array) -> tuple[jax.Array, list[Numbers]]:
        def undo(groups: Groups, pair: jax.Array, row: Any) -> tuple[jax.Array, Numbers]:
            return step_backward(tables, groups, pair, *row)

        state, numbers = kept
        pair, slopes = loop(undo, jnp.stack([state, slope]), numbers, reverse=True)
        return pair[1], slopes

    evolve = jax.custom_vjp(forward)
    evolve.defvjp(keep, backward)
    return evolve


def _with_half_turns(numbers: Numbers) -> Numbers:
    return numbers._replace(rotations=half_turns(numbers.rotations))


def _scanned(
    tables: Tables,
    groups: Sequence[Groups],
    step: Any,
    carry: Any,
    numbers: list[Numbers],
    *,
    reverse: bool = False,
) -> tuple[Any, list[Any]]:
    rows = (tables.rows, _with_half_turns(numbers[0]))
    carry, outputs = jax.lax.scan(partial(step, groups[0]), carry, rows, reverse=reverse)
    return carry, [outputs]


def _unrolled(
    tables: Tables,
    groups: Sequence[Groups],
    step: Any,
    carry: Any,
    numbers: list[Numbers],
    *,
    reverse: bool = False,
) -> tuple[Any, list[Any]]:
    """As a scan, but each step sees its row as NumPy values, known while tracing."""
    outputs: list[Any] = [None] * len(tables)
    places = range(len(tables))
    for i in reversed(places) if reverse else places:
        row = jax.tree.map(lambda leaf, i=i: leaf[i], tables.rows)
        carry, outputs[i] = step(groups[i], carry, (row, _with_half_turns(numbers[i])))
    return carry, outputs
