"""Numbers in eight bits: how they are rounded, and how far the rounding can lead."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.kernels._checks import floating

__all__ = ["Int8", "int8_matmul", "quantize_int8"]


class Int8(NamedTuple):
    """Whole numbers from -127 to 127 and the step that turns them back: ``values * scale``."""

    values: Array
    scale: Array

    def restore(self) -> Array:
        """The floating numbers that these stand for."""
        return self.values.astype(self.scale.dtype) * self.scale


def quantize_int8(x: ArrayLike, axis: int = -1) -> Int8:
    """Round to the nearest of 255 evenly spaced levels, one scale for each line along ``axis``.

    ``scale = max |x| / 127`` and ``values = round(x / scale)``, so that no restored number is
    further than ``scale / 2`` from where it was.

    Args:
        x: floating numbers of any shape.
        axis: the axis along which numbers share a scale (the one a product will sum over).

    Returns:
        `Int8` whose scale keeps ``axis`` with length 1.

    Source: B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference" (arXiv:1712.05877), section 2; symmetric, so that no
        zero point enters the product.

    Example:
        >>> quantize_int8(jnp.array([[0.5, -1.0, 0.25]])).values.tolist()
        [[64, -127, 32]]
    """
    x = floating("x", x, "...").astype(jnp.float32)
    largest = jnp.max(jnp.abs(x), axis=axis, keepdims=True, initial=0.0)
    scale = jnp.where(largest > 0, largest / 127, 1.0)
    return Int8(jnp.round(x / scale).astype(jnp.int8), scale)


def int8_matmul(a: Int8, b: Int8) -> Array:
    """Multiply two quantised matrices with whole-number sums, then scale once.

    ``y = (a.values @ b.values) * a.scale * b.scale``; the sums are exact in 32 bits up to
    133,000 terms (127 * 127 * 133,000 < 2 ** 31).

    Args:
        a: (... n m), scales along m.
        b: (... m k), scales along m (``quantize_int8(b, axis=-2)``).

    Returns:
        float32 (... n k). With a = A + da, b = B + db, ``|da| <= sa / 2`` and ``|db| <= sb / 2``,
        each entry is within ``sum_m (|A| sb + |B| sa) / 2 + m sa sb / 4`` of the exact product.

    Example:
        >>> a = quantize_int8(jnp.eye(2)); b = quantize_int8(jnp.ones((2, 3)), axis=0)
        >>> int8_matmul(a, b).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    batch = tuple(range(a.values.ndim - 2))
    axes = (((a.values.ndim - 1,), (b.values.ndim - 2,)), (batch, batch))
    total = lax.dot_general(a.values, b.values, axes, preferred_element_type=jnp.int32)
    return total.astype(jnp.float32) * a.scale * b.scale
