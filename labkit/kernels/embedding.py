"""Rows looked up by number, and the gradient that goes back to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.kernels._checks import floating, known_method, widened

__all__ = ["EMBEDDING_METHODS", "embedding"]


def embedding(table: ArrayLike, indices: ArrayLike, *, method: str = "auto") -> Array:
    """Look rows up: ``y[..., :] = table[indices[...], :]``.

    The gradient of the table adds up, for each row, the gradients of the places that read it.
    A number outside the table reads the nearest row.

    FLOPs: none forward; one addition per looked-up number backward. Bytes at least: the rows
    read, and y.

    Args:
        table: rows (n d).
        indices: whole numbers (...), from 0 to n - 1.
        method: how the gradient is added up: ``"auto"``, or a name in `EMBEDDING_METHODS`:
            ``"scatter"`` (row by row) or ``"one_hot"`` (a matrix product, for small tables).

    Returns:
        Rows (... d) of the type of ``table``.

    Raises:
        ShapeError: the table is no matrix, or the indices are no whole numbers.
        ArgumentError: a method that does not exist.

    Example:
        >>> embedding(jnp.array([[1.0], [2.0]]), jnp.array([1, 1, 0])).tolist()
        [[2.0], [2.0], [1.0]]
    """
    known_method(method, EMBEDDING_METHODS)
    table, indices = floating("table", table, "n d"), jnp.asarray(indices)
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        raise ShapeError("indices", required="whole numbers", got=str(indices.dtype))
    inside = jnp.clip(indices, 0, table.shape[0] - 1)
    chosen = "one_hot" if table.shape[0] <= _SMALL_TABLE else "scatter"
    return _look_up(table, inside, chosen if method == "auto" else method)


#: Up to so many rows the gradient is a matrix product.
_SMALL_TABLE = 256


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _look_up(table: Array, indices: Array, _method: str) -> Array:
    return jnp.take(table, indices, axis=0, mode="clip")


def _forward(table: Array, indices: Array, method: str) -> tuple[Array, tuple[Array, Array]]:
    return _look_up(table, indices, method), (indices, table)


def _backward(method: str, kept: tuple[Array, Array], gradient: Array) -> tuple[Array, Any]:
    indices, table = kept
    rows = widened(gradient.reshape(-1, table.shape[1]))
    total = EMBEDDING_METHODS[method](indices.reshape(-1), rows, table.shape[0])
    return total.astype(table.dtype), np.zeros(indices.shape, jax.dtypes.float0)


_look_up.defvjp(_forward, _backward)


def _scatter(indices: Array, gradient: Array, size: int) -> Array:
    return jax.ops.segment_sum(gradient, indices, size)


def _one_hot(indices: Array, gradient: Array, size: int) -> Array:
    return jax.nn.one_hot(indices, size, axis=0, dtype=gradient.dtype) @ gradient


#: Ways to add up the gradient of an `embedding`: (indices, gradient rows, table size) -> table.
EMBEDDING_METHODS: Mapping[str, Callable[[Array, Array, int], Array]] = {
    "scatter": _scatter,
    "one_hot": _one_hot,
}
