"""One step of the normal form on a state, forwards and backwards.

A state is held as planes ``(..., 2, 2**n)`` of real and imaginary parts, so that all
arithmetic is real: rotations mix places only, phases mix the planes only.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .permute import permute
from .phases import phase_of, term_gradient, turn
from .rotations import Groups, apply_matrix, generator_slopes, layer_matrices, when
from .tables import Numbers, Row, Tables

__all__ = ["step_backward", "step_forward"]

_WORTH_BRANCHING = 11  # qubits from which a branch costs less than the idle pass it saves


def step_forward(
    tables: Tables, groups: Groups, state: jax.Array, row: Row, numbers: Numbers
) -> jax.Array:
    """Phases, permutation, rotations, matrix."""
    phase = _phase(tables, row, numbers)
    if phase is not None:
        state = turn(state, phase)
    state = _move(tables, state, row, numbers)
    if _may_rotate(row):
        matrices = layer_matrices(numbers.rotations, groups)
        for group, matrix in zip(groups, matrices, strict=True):
            state = when(
                _active(row, group, tables), partial(apply_matrix, low=group[0]), state, matrix
            )
    return _dense(tables, state, row, inverse=False)


def step_backward(
    tables: Tables,
    groups: Groups,
    pair: jax.Array,
    row: Row,
    numbers: Numbers,
) -> tuple[jax.Array, Numbers]:
    """Undo a step on the pair (state after it, loss's derivative by that state).

    Returns:
        The pair before the step, and the loss's derivative by the step's angles.

    Source: Jones and Gacon, "Efficient calculation of gradients in classical simulations of
    variational quantum algorithms", 2020, arXiv:2009.02823; here a whole layer at a time.
    """
    n = tables.num_qubits
    pair = _dense(tables, pair, row, inverse=True)
    rotation_slopes = jnp.zeros_like(numbers.rotations[0])
    if _may_rotate(row):
        parts = [generator_slopes(pair[1], pair[0], group) for group in groups]
        rotation_slopes = jnp.where(row.rotates, jnp.concatenate(parts), 0)
        matrices = [m.T for m in layer_matrices(numbers.rotations, groups)]
        for group, matrix in zip(groups, matrices, strict=True):
            pair = when(
                _active(row, group, tables), partial(apply_matrix, low=group[0]), pair, matrix
            )
    pair = _move(tables, pair, row, numbers, inverse=True)
    phase = _phase(tables, row, numbers)
    if phase is None:
        return pair, Numbers(
            jnp.zeros_like(numbers.terms), rotation_slopes, jnp.zeros_like(numbers.wide)
        )
    phase_slope = pair[1, 1] * pair[0, 0] - pair[1, 0] * pair[0, 1]
    terms = term_gradient(row.masks, row.values, phase_slope, n)
    wide = _wide_slope(tables, row, phase_slope)
    return turn(pair, -phase), Numbers(terms, rotation_slopes, wide)


def _may_rotate(row: Row) -> bool:
    return bool(np.any(row.rotates)) if isinstance(row.rotates, np.ndarray) else True


def _active(row: Row, group: tuple[int, int], tables: Tables) -> Any:
    inside = row.rotates[group[0] : sum(group)]
    if isinstance(inside, np.ndarray):
        return bool(inside.any())
    return jnp.any(inside) if tables.num_qubits >= _WORTH_BRANCHING else True


def _phase(tables: Tables, row: Row, numbers: Numbers) -> jax.Array | None:
    """The phase of every place, or None where the step surely has none."""
    n = tables.num_qubits
    phase = None
    static = isinstance(row.masks, np.ndarray)
    if row.masks.shape[0] and not (static and not np.any(row.masks)):
        phase = phase_of(row.masks, row.values, numbers.terms, n)
    for bits, index in row.diagonal.items():
        if static and index < 0:
            continue
        values = jnp.asarray(tables.diagonals[bits], numbers.wide.dtype)[index]
        values = jnp.where(index >= 0, values * numbers.wide[0], 0)
        tiled = jnp.broadcast_to(values, (1 << n - bits, 1 << bits)).reshape(-1)
        phase = tiled if phase is None else phase + tiled
    return phase


def _wide_slope(tables: Tables, row: Row, phase_slope: jax.Array) -> jax.Array:
    total = jnp.zeros((), phase_slope.dtype)
    for bits, index in row.diagonal.items():
        values = jnp.asarray(tables.diagonals[bits], phase_slope.dtype)[index]
        slope = jnp.sum(phase_slope.reshape(-1, 1 << bits) * values)
        total = total + jnp.where(index >= 0, slope, 0)
    return total[None]


def _move(
    tables: Tables, state: jax.Array, row: Row, numbers: Numbers, *, inverse: bool = False
) -> jax.Array:
    def read(state: jax.Array) -> jax.Array:
        source = _places(row.source, row.source_offset, tables)
        target = _places(row.target, row.target_offset, tables)
        return permute(state, target, source) if inverse else permute(state, source, target)

    if not tables.rows.moves.any():
        return state
    moves: Any = bool(row.moves) if isinstance(row.moves, np.bool_) else row.moves
    if tables.num_qubits < _WORTH_BRANCHING:
        return state if moves is False else read(state)
    # In a branch of its own the permuted state is computed once and stored. Outside one, XLA
    # would compute the phases around it again for each place that is read, one by one.
    always = numbers.rotations[0, 0] >= -2.0  # a cosine: XLA cannot know
    return when(always if moves is True else moves, read, state)


def _places(columns: Any, offset: Any, tables: Tables) -> jax.Array:
    """The table of an affine map of places, from its columns; a full table as it is."""
    if not tables.affine:
        return jnp.asarray(columns)
    n = tables.num_qubits
    low = (n + 1) // 2
    high_part = _span(jnp.asarray(columns)[low:], n - low)
    low_part = _span(jnp.asarray(columns)[:low], low) ^ offset
    return (high_part[:, None] ^ low_part).reshape(-1)


def _span(columns: jax.Array, bits: int) -> jax.Array:
    place = jnp.arange(1 << bits, dtype=jnp.int32)[:, None]
    chosen = jnp.where(place >> jnp.arange(bits, dtype=jnp.int32) & 1, columns, 0)
    return jax.lax.reduce(chosen, np.int32(0), jax.lax.bitwise_xor, (1,))


def _dense(tables: Tables, state: jax.Array, row: Row, *, inverse: bool) -> jax.Array:
    for bits, index in row.matrix.items():
        present = bool(index >= 0) if isinstance(index, np.integer) else index >= 0
        planes = jnp.asarray(tables.matrices[bits], state.dtype)[index]
        if inverse:
            planes = jnp.stack([planes[0].T, -planes[1].T])
        state = when(present, _complex_product, state, planes)
    return state


def _complex_product(state: jax.Array, planes: jax.Array) -> jax.Array:
    """A complex matrix on the lowest bits of planes (..., 2, 2**n)."""
    real, imaginary = (apply_matrix(state, plane, 0) for plane in planes)
    return jnp.stack(
        [real[..., 0, :] - imaginary[..., 1, :], real[..., 1, :] + imaginary[..., 0, :]], axis=-2
    )
