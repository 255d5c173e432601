"""The fully connected layer."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.kernels._checks import floating, same_length
from labkit.kernels.rows import add_row, map_rows

__all__ = ["dense"]


def dense(x: ArrayLike, kernel: ArrayLike, bias: ArrayLike | None = None) -> Array:
    """Map every feature vector linearly: ``y = x @ kernel + bias``.

    FLOPs: ``2 * examples * f * o``. Bytes at least: each of x, kernel and y once.

    Args:
        x: features (... f).
        kernel: weights (f o).
        bias: one number per output (o), or none.

    Returns:
        Features (... o) of the type of ``x``.

    Raises:
        ShapeError: axes that do not fit each other.

    Example:
        >>> import jax.numpy as jnp
        >>> dense(jnp.array([[1.0, 2.0]]), jnp.eye(2), jnp.array([0.0, 1.0])).tolist()
        [[1.0, 3.0]]
    """
    x = floating("x", x, "... f")
    kernel = floating("kernel", kernel, "f o").astype(x.dtype)
    same_length("features of x", x.shape[-1], "rows of kernel", kernel.shape[0])
    y = map_rows(x, kernel)
    if bias is None:
        return y
    bias = jnp.asarray(bias)
    if bias.shape != kernel.shape[1:]:
        raise ShapeError("bias", required=f"of shape {kernel.shape[1:]}", got=bias.shape)
    return add_row(y, bias.astype(y.dtype))
