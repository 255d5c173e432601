"""What a layer does to every row of a table: product, bias, scale; gradients for a CPU.

The gradient of a kernel is a product of two tables along their long axis. Written over flat tables
XLA multiplies them as they lie in memory; over several axes it first copies one of them turned
round, which takes longer than the product.

The gradient of a bias is a sum down the columns. XLA on a CPU turns such a sum into a tree of
windows that takes longer than the matrix product beside it; a product with a row of ones is the
same sum and runs at the speed of memory.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

__all__ = ["add_row", "map_rows", "scale_rows"]


@jax.custom_vjp
def map_rows(x: Array, kernel: Array) -> Array:
    """``x @ kernel`` for x (... f) and kernel (f o); both of one type."""
    return x @ kernel


def _map_forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return x @ kernel, (x, kernel)


def _map_backward(kept: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    x, kernel = kept
    return gradient @ kernel.T, along_rows(x, gradient)


map_rows.defvjp(_map_forward, _map_backward)


def along_rows(x: Array, y: Array) -> Array:
    """``x' y`` summed over every axis but the last: (... f), (... o) -> (f o)."""
    flat_x, flat_y = (a.reshape(-1, a.shape[-1]) for a in (x, y))
    wide = jnp.promote_types(x.dtype, jnp.float32)
    axes = (((0,), (0,)), ((), ()))
    return lax.dot_general(flat_x, flat_y, axes, preferred_element_type=wide).astype(x.dtype)


@jax.custom_vjp
def add_row(x: Array, row: Array) -> Array:
    """``x + row`` along the last axis; both of one type."""
    return x + row


def _add_forward(x: Array, row: Array) -> tuple[Array, None]:
    return x + row, None


def _add_backward(_: None, gradient: Array) -> tuple[Array, Array]:
    return gradient, _column_sums(gradient)


add_row.defvjp(_add_forward, _add_backward)


@jax.custom_vjp
def scale_rows(x: Array, row: Array) -> Array:
    """``x * row`` along the last axis; both of one type."""
    return x * row


def _scale_forward(x: Array, row: Array) -> tuple[Array, tuple[Array, Array]]:
    return x * row, (x, row)


def _scale_backward(kept: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    x, row = kept
    return gradient * row, _column_sums(gradient * x)


scale_rows.defvjp(_scale_forward, _scale_backward)


def _column_sums(x: Array) -> Array:
    return along_rows(jnp.ones((*x.shape[:-1], 1), x.dtype), x)[0]
