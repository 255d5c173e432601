"""A layer of RY rotations on all qubits, as a few small matrix products.

The rotations of up to six neighbouring bits are multiplied out into one matrix; each such
group is one pass over the state, whatever the number of rotations in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .trigonometry import cos_sin

__all__ = [
    "Groups",
    "apply_matrix",
    "groups_of",
    "half_turns",
    "layer_matrices",
    "product_state",
    "when",
]

#: Pairs (lowest bit, number of bits).
Groups = tuple[tuple[int, int], ...]

_SMALL = 10  # qubits up to which a fused loop beats a batched matrix product


def groups_of(n: int, largest: int = 6) -> Groups:
    """Split n bits into the fewest groups of at most ``largest`` bits, wider ones first."""
    count = -(-n // largest)
    if not count:
        return ()
    sizes = [n // count + (i < n % count) for i in range(count)]
    lows = np.cumsum([0, *sizes[:-1]])
    return tuple((int(low), size) for low, size in zip(lows, sizes, strict=True))


def half_turns(angles: jax.Array) -> jax.Array:
    """(cos, sin) of half of each angle, shape (..., 2, n), computed once.

    Without the barrier XLA would compute each cosine again in every entry of the matrices.
    """
    return jax.lax.optimization_barrier(jnp.stack(cos_sin(angles / 2), axis=-2))


def layer_matrices(turns: jax.Array, groups: Groups) -> list[jax.Array]:
    """The matrix of each group, from the half turns (2, n) of all bits."""
    cosine, sine = turns
    pairs = jnp.stack([jnp.stack([cosine, -sine], -1), jnp.stack([sine, cosine], -1)], -2)
    return [_kronecker([pairs[bit] for bit in range(low, low + size)]) for low, size in groups]


def _kronecker(factors: list[jax.Array]) -> jax.Array:
    """Later factors act on higher bits."""
    product = factors[0]
    for factor in factors[1:]:
        size = 2 * product.shape[0]
        product = (factor[:, None, :, None] * product[None, :, None, :]).reshape(size, size)
    return product


def apply_matrix(state: jax.Array, matrix: jax.Array, low: int) -> jax.Array:
    """Apply a matrix to the bits from ``low`` on, of a state of shape (..., 2**n)."""
    k = matrix.shape[0]
    if low == 0:
        split = state.reshape(*state.shape[:-1], -1, k)
        return jnp.matmul(split, matrix.T, precision="highest").reshape(state.shape)
    split = state.reshape(-1, k, 1 << low)
    if split.shape[0] <= 4 and state.shape[-1] > 1 << _SMALL:
        copies = jnp.broadcast_to(matrix, (split.shape[0], k, k))
        return jnp.matmul(copies, split, precision="highest").reshape(state.shape)
    return jnp.sum(matrix[:, :, None] * split[:, None], axis=2).reshape(state.shape)


def generator_slopes(left: jax.Array, right: jax.Array, group: tuple[int, int]) -> jax.Array:
    """Half of ``<left| -iY |right>`` for each bit of a group: the rotations' derivatives."""
    low, size = group
    k = 1 << size
    generators = jnp.asarray(_generators(size), left.dtype)
    if left.shape[-1] <= 1 << _SMALL:
        # Along a batch this stays one product; a matrix of overlaps would be one per example.
        turned = [apply_matrix(right, generator, low) for generator in generators]
        return 0.5 * jnp.stack([jnp.sum(left * image) for image in turned])
    rows, columns = (x.reshape(-1, k, 1 << low) for x in (left, right))
    if low == 0:
        overlap = jnp.matmul(rows[:, :, 0].T, columns[:, :, 0], precision="highest")
    else:
        overlap = jnp.einsum("bkr,blr->bkl", rows, columns, precision="highest").sum(0)
    return 0.5 * jnp.einsum("qkl,kl->q", generators, overlap, precision="highest")


def _generators(size: int) -> np.ndarray:
    """The matrix of -iY on each bit, shape (size, 2**size, 2**size)."""
    index = np.arange(1 << size)
    rows = np.zeros((size, 1 << size, 1 << size))
    for bit in range(size):
        rows[bit, index, index ^ 1 << bit] = np.where(index >> bit & 1, 1.0, -1.0)
    return rows


def product_state(turns: jax.Array, groups: Groups, start: int, phase: jax.Array) -> jax.Array:
    """Planes (2, 2**n) of a basis state after one rotation on each bit and a global phase."""
    state = jnp.stack(cos_sin(phase))[:, None]
    for matrix, (low, size) in zip(layer_matrices(turns, groups), groups, strict=True):
        # The column is read by a product: XLA would fuse a slice, and compute it 2**n times.
        basis = np.eye(1, 1 << size, start >> low & (1 << size) - 1)[0]
        column = jnp.matmul(matrix, jnp.asarray(basis, matrix.dtype), precision="highest")
        state = (column[:, None] * state[:, None, :]).reshape(2, -1)
    return state


def when(condition: Any, function: Callable[..., Any], state: Any, *arguments: Any) -> Any:
    """``function(state, *arguments)`` where the condition holds, known now or at run time."""
    if isinstance(condition, bool | np.bool_):
        return function(state, *arguments) if condition else state
    return jax.lax.cond(condition, function, lambda s, *_: s, state, *arguments)
