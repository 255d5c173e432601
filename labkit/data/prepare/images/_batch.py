"""What every image function asks of its argument: a batch of images, channels last."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ShapeError


def image_batch(images: ArrayLike, *, channels: int | None = None) -> Array:
    """``images`` as a JAX array of four axes, batch, height, width, channels.

    Raises:
        ShapeError: another number of axes, or of channels where ``channels`` is given.
    """
    batch = jnp.asarray(images)
    if batch.ndim != 4:
        raise ShapeError(
            "images",
            required="an array of 4 axes (batch, height, width, channels)",
            got=batch.shape,
            fix="Add the missing axis: images[None] for one image, images[..., None] for grey.",
        )
    if channels is not None and batch.shape[-1] != channels:
        raise ShapeError("images", required=f"{channels} channels, last axis", got=batch.shape)
    return batch


def unit_range(images: Array) -> Array:
    """Images as float32 in [0, 1]; integer images are divided by their type's largest value."""
    if jnp.issubdtype(images.dtype, jnp.integer):
        return images.astype(jnp.float32) / jnp.iinfo(images.dtype).max
    return images


def like(values: Array, original: Array) -> Array:
    """Float ``values`` in [0, 1] given back in the type and range of ``original``, clipped."""
    values = jnp.clip(values, 0.0, 1.0)
    if jnp.issubdtype(original.dtype, jnp.integer):
        values = jnp.round(values * jnp.iinfo(original.dtype).max)
    return values.astype(original.dtype)


def per_image(values: Array) -> Array:
    """One value for each image, shaped to broadcast over (batch, height, width, channels)."""
    return values[:, None, None, None]


def uniform(key: Array, batch: int, low: ArrayLike, high: ArrayLike) -> Array:
    """One uniform draw for each image."""
    return jax.random.uniform(key, (batch,), minval=low, maxval=high)
