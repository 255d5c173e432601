"""Hiding a part of every image, so that a model cannot lean on one patch alone."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.data.prepare.images._batch import image_batch, per_image, uniform
from labkit.types import Bool, Integer

__all__ = ["box_mask", "cutout", "random_erasing"]


def box_mask(
    top: Integer[Array, " b"],
    bottom: Integer[Array, " b"],
    left: Integer[Array, " b"],
    right: Integer[Array, " b"],
    size: tuple[int, int],
) -> Bool[Array, "b h w 1"]:
    """True inside one box for each image: rows ``top`` to ``bottom`` (excluded), columns alike.

    A box that reaches over the border is cut off there.
    """
    rows, columns = jnp.arange(size[0]), jnp.arange(size[1])
    in_rows = (rows >= top[:, None]) & (rows < bottom[:, None])
    in_columns = (columns >= left[:, None]) & (columns < right[:, None])
    return (in_rows[:, :, None] & in_columns[:, None, :])[..., None]


@partial(jax.jit, static_argnames=("size", "value"))
def cutout(images: ArrayLike, *, key: Array, size: int, value: float = 0.0) -> Array:
    """A square of ``size`` pixels around a random pixel of every image set to ``value``.

    The centre may be any pixel, so near the border part of the square falls outside.

    Source:
        DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552, section 3.2.

    Example:
        >>> hidden = cutout(jnp.ones((1, 8, 8, 1)), key=jax.random.key(0), size=2) == 0
        >>> 1 <= int(hidden.sum()) <= 4
        True
    """
    batch = image_batch(images)
    n, height, width, _ = batch.shape
    centre = jax.random.randint(key, (n, 2), 0, jnp.array([height, width]))
    top, left = centre[:, 0] - size // 2, centre[:, 1] - size // 2
    mask = box_mask(top, top + size, left, left + size, (height, width))
    return jnp.where(mask, jnp.asarray(value, batch.dtype), batch)


@partial(jax.jit, static_argnames=("area", "aspect"))
def random_erasing(
    images: ArrayLike,
    *,
    key: Array,
    probability: ArrayLike = 0.5,
    area: tuple[float, float] = (0.02, 0.4),
    aspect: tuple[float, float] = (0.3, 1 / 0.3),
    value: ArrayLike = 0.0,
) -> Array:
    """With the given probability, a random rectangle of every image set to ``value``.

    Args:
        images: ``(b, h, w, c)``.
        key: a JAX random key.
        probability: that an image is touched.
        area: least and largest share of the image to erase.
        aspect: least and largest height over width, drawn uniformly in its logarithm.
        value: one number, or one for each channel.

    Source:
        Zhong et al. 2017, https://arxiv.org/abs/1708.04896, algorithm 1. The paper draws
        again until the rectangle fits; we clip its sides to the image, so that the work is
        the same for every image and the function stays one compiled program.

    Example:
        >>> out = random_erasing(jnp.ones((3, 8, 8, 1)), key=jax.random.key(1), probability=1.0)
        >>> bool(((out == 0).sum(axis=(1, 2, 3)) > 0).all())
        True
    """
    batch = image_batch(images)
    n, height, width, _ = batch.shape
    coin, area_key, aspect_key, top_key, left_key = jax.random.split(key, 5)
    pixels = uniform(area_key, n, *area) * height * width
    ratio = jnp.exp(uniform(aspect_key, n, jnp.log(aspect[0]), jnp.log(aspect[1])))
    tall = jnp.clip(jnp.round(jnp.sqrt(pixels * ratio)), 1, height).astype(int)
    wide = jnp.clip(jnp.round(jnp.sqrt(pixels / ratio)), 1, width).astype(int)
    top = jax.random.randint(top_key, (n,), 0, height - tall + 1)
    left = jax.random.randint(left_key, (n,), 0, width - wide + 1)
    touched = per_image(jax.random.bernoulli(coin, probability, (n,)))
    mask = touched & box_mask(top, top + tall, left, left + wide, (height, width))
    return jnp.where(mask, jnp.asarray(value, batch.dtype), batch)
