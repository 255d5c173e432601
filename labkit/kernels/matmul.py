"""Matrix products: the compiler's, one cut into blocks, one in eight bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.kernels._checks import floating, known_method, same_length
from labkit.kernels.quantized import int8_matmul, quantize_int8

__all__ = ["MATMUL_METHODS", "matmul"]

_BLOCK = 128


def matmul(a: ArrayLike, b: ArrayLike, *, method: str = "auto") -> Array:
    """Multiply matrices: ``y[..., n, k] = sum over m of a[..., n, m] * b[..., m, k]``.

    Numbers narrower than float32 are summed in float32 and rounded once, at the end.

    FLOPs: ``2 * n * m * k`` for each matrix of the batch. Bytes at least: a, b and y once, so
    that FLOPs per byte grow with the size of the matrices.

    Args:
        a: matrices (... n m).
        b: matrices (... m k), or one matrix (m k) for all of them.
        method: ``"auto"`` (the compiler's) or a name in `MATMUL_METHODS`: ``"xla"``,
            ``"blocked"`` (tiles of 128 x 128, as a cache wants them, to be read), ``"int8"``
            (both rounded to eight bits on the way; see `quantize_int8` for the error).

    Returns:
        Matrices (... n k) of the type of ``a``.

    Raises:
        ShapeError: axes that do not fit each other.
        ArgumentError: a method that does not exist.

    Example:
        >>> matmul(jnp.array([[1.0, 2.0]]), jnp.array([[3.0], [4.0]])).tolist()
        [[11.0]]
    """
    known_method(method, MATMUL_METHODS)
    a, b = floating("a", a, "... n m"), floating("b", b, "... m k")
    same_length("columns of a", a.shape[-1], "rows of b", b.shape[-2])
    if b.ndim > 2 and a.shape[:-2] != b.shape[:-2]:
        raise ShapeError("b", required=f"one matrix, or a batch of {a.shape[:-2]}", got=b.shape)
    formulation = _xla if method == "auto" else MATMUL_METHODS[method]
    return formulation(a, b).astype(a.dtype)


def _xla(a: Array, b: Array) -> Array:
    return jnp.matmul(a, b, preferred_element_type=jnp.promote_types(a.dtype, jnp.float32))


def _blocked(a: Array, b: Array) -> Array:
    """Add up products of small tiles, each of which stays in the cache while it is used."""
    if b.ndim > 2:
        flat = jax.vmap(_blocked)(a.reshape(-1, *a.shape[-2:]), b.reshape(-1, *b.shape[-2:]))
        return flat.reshape(*a.shape[:-1], b.shape[-1])
    rows = a.reshape(-1, a.shape[-1])
    n, k = rows.shape[0], b.shape[1]
    left = _tiles(rows)
    right = _tiles(b).transpose(1, 0, 2, 3)

    def strip(row: Array) -> Array:
        def tile(column: Array) -> Array:
            def add(total: Array, pair: tuple[Array, Array]) -> tuple[Array, None]:
                return total + _xla(*pair), None

            start = jnp.zeros((_BLOCK, _BLOCK), jnp.promote_types(a.dtype, jnp.float32))
            return lax.scan(add, start, (row, column))[0]

        return lax.map(tile, right)

    tiles = lax.map(strip, left)
    y = tiles.transpose(0, 2, 1, 3).reshape(left.shape[0] * _BLOCK, right.shape[0] * _BLOCK)
    return y[:n, :k].reshape(*a.shape[:-1], k)


def _tiles(x: Array) -> Array:
    """Cut a matrix into (rows, columns, 128, 128), filled up with zeros."""
    n, m = (-(-size // _BLOCK) for size in x.shape)
    full = jnp.pad(x, ((0, n * _BLOCK - x.shape[0]), (0, m * _BLOCK - x.shape[1])))
    return full.reshape(n, _BLOCK, m, _BLOCK).transpose(0, 2, 1, 3)


def _int8(a: Array, b: Array) -> Array:
    if b.ndim > 2:
        return int8_matmul(quantize_int8(a), quantize_int8(b, axis=-2))
    rows = quantize_int8(a.reshape(-1, a.shape[-1]))
    return int8_matmul(rows, quantize_int8(b, axis=-2)).reshape(*a.shape[:-1], b.shape[-1])


#: Formulations of `matmul` by name.
MATMUL_METHODS: Mapping[str, Callable[[Array, Array], Array]] = {
    "xla": _xla,
    "blocked": _blocked,
    "int8": _int8,
}
