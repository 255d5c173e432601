"""Antialiased resizing as two small matrix products: one for the rows, one for the columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from labkit.data.prepare.images._batch import image_batch
from labkit.errors import ArgumentError

__all__ = ["BICUBIC", "BILINEAR", "BOX", "LANCZOS3", "ResizeFilter", "resize", "resize_weights"]


class ResizeFilter(NamedTuple):
    """An interpolation kernel: its value at a distance, zero beyond ``support`` samples."""

    weight: Callable[[np.ndarray], np.ndarray]
    support: float


def _box(x: np.ndarray) -> np.ndarray:
    return ((x > -0.5) & (x <= 0.5)).astype(float)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _keys_cubic(x: np.ndarray, a: float = -0.5) -> np.ndarray:
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lanczos3(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


BOX = ResizeFilter(_box, 0.5)
BILINEAR = ResizeFilter(_triangle, 1.0)
BICUBIC = ResizeFilter(_keys_cubic, 2.0)
LANCZOS3 = ResizeFilter(_lanczos3, 3.0)


def resize_weights(source: int, target: int, filter: ResizeFilter = BILINEAR) -> np.ndarray:  # noqa: A002
    """The matrix ``(target, source)`` that resamples one axis; every row sums to 1.

    Shrinking widens the kernel by the scale, so that every source sample counts: that is
    the antialiasing. At the borders the kernel is cut off and what is left rescaled.

    Example:
        >>> resize_weights(4, 2, BOX).tolist()
        [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    """
    scale = source / target
    widen = max(scale, 1.0)
    centres = (np.arange(target) + 0.5) * scale
    # The window of whole samples that the named reference (Pillow) visits for each target.
    first = np.maximum(0, np.floor(centres - filter.support * widen + 0.5))
    last = np.minimum(source, np.floor(centres + filter.support * widen + 0.5))
    samples = np.arange(source)
    weights = filter.weight((samples + 0.5 - centres[:, None]) / widen)
    weights *= (samples >= first[:, None]) & (samples < last[:, None])
    return weights / weights.sum(axis=1, keepdims=True)


@partial(jax.jit, static_argnames=("size", "filter"))
def resize(
    images: ArrayLike,
    size: tuple[int, int],
    filter: ResizeFilter = BILINEAR,  # noqa: A002
) -> Array:
    """Images resized to ``size`` (height, width), antialiased, in the type they came in.

    Args:
        images: ``(b, h, w, c)``, any real type; integers are rounded and clipped to their range.
        size: ``(height, width)`` wanted.
        filter: ``BOX``, ``BILINEAR``, ``BICUBIC`` or ``LANCZOS3``.

    Raises:
        ShapeError: ``images`` has not four axes.
        ArgumentError: a size below 1.

    Source:
        The convolution resampling of Pillow (``Image.resize``), which is the reference:
        equal on float images to rounding; on 8-bit images within 1 level, because Pillow
        rounds (and clips what BICUBIC and LANCZOS3 overshoot) between the two passes.

    Example:
        >>> resize(jnp.arange(16.0).reshape(1, 4, 4, 1), (2, 2), BOX)[0, ..., 0].tolist()
        [[2.5, 4.5], [10.5, 12.5]]
    """
    batch = image_batch(images)
    if min(size) < 1:
        raise ArgumentError("size", required="a height and a width of at least 1", got=size)
    rows = jnp.asarray(resize_weights(batch.shape[1], size[0], filter), jnp.float32)
    columns = jnp.asarray(resize_weights(batch.shape[2], size[1], filter), jnp.float32)
    resized = jnp.einsum(
        "yh,bhwc,xw->byxc", rows, batch.astype(jnp.float32), columns, precision="highest"
    )
    if jnp.issubdtype(batch.dtype, jnp.integer):
        limits = jnp.iinfo(batch.dtype)
        resized = jnp.clip(jnp.round(resized), limits.min, limits.max)
    return resized.astype(batch.dtype)
