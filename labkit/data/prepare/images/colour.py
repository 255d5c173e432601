"""Changing colours without moving pixels."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.data.prepare.images._batch import image_batch, like, per_image, uniform, unit_range
from labkit.types import Float

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "channel_statistics",
    "colour_jitter",
    "grayscale",
    "normalise",
]

#: Luma of red, green and blue. Source: ITU-R BT.601-7, section 2.5.1.
_LUMA = (0.299, 0.587, 0.114)


def channel_statistics(images: ArrayLike) -> tuple[Float[Array, " c"], Float[Array, " c"]]:
    """Mean and standard deviation of every channel, of images scaled to [0, 1].

    Take them from the training images only: the test set has no say in them.

    Example:
        >>> mean, std = channel_statistics(jnp.array([0, 255], jnp.uint8).reshape(2, 1, 1, 1))
        >>> mean.tolist(), std.tolist()
        ([0.5], [0.5])
    """
    values = unit_range(image_batch(images))
    return values.mean(axis=(0, 1, 2)), values.std(axis=(0, 1, 2))


@jax.jit
def normalise(images: ArrayLike, mean: ArrayLike, std: ArrayLike) -> Float[Array, "b h w c"]:
    """Images scaled to [0, 1], then each channel to the given mean 0 and deviation 1.

    Example:
        >>> normalise(jnp.zeros((1, 1, 1, 1), jnp.uint8), mean=0.5, std=0.5).item()
        -1.0
    """
    values = unit_range(image_batch(images))
    return (values - jnp.asarray(mean)) / jnp.asarray(std)


@jax.jit
def grayscale(images: ArrayLike) -> Array:
    """Every RGB image as its luma, in one channel.

    Source: ITU-R BT.601-7, the weights that Pillow's ``convert("L")`` uses.
    """
    batch = image_batch(images, channels=3)
    return like(_luma(unit_range(batch)), batch)


@jax.jit
def adjust_brightness(images: ArrayLike, factor: ArrayLike) -> Array:
    """Every value times ``factor`` (one for all images or one for each): 0 black, 1 unchanged."""
    batch = image_batch(images)
    return like(_blend(unit_range(batch), 0.0, factor), batch)


@jax.jit
def adjust_contrast(images: ArrayLike, factor: ArrayLike) -> Array:
    """Distance to the image's mean luma times ``factor``: 0 flat grey, 1 unchanged."""
    batch = image_batch(images, channels=3)
    values = unit_range(batch)
    return like(_blend(values, _luma(values).mean(axis=(1, 2, 3), keepdims=True), factor), batch)


@jax.jit
def adjust_saturation(images: ArrayLike, factor: ArrayLike) -> Array:
    """Distance to each pixel's luma times ``factor``: 0 grey, 1 unchanged."""
    batch = image_batch(images, channels=3)
    values = unit_range(batch)
    return like(_blend(values, _luma(values), factor), batch)


@jax.jit
def adjust_hue(images: ArrayLike, turn: ArrayLike) -> Array:
    """Hue moved round the colour circle by ``turn`` (1 is a whole turn), value kept.

    Source: the hexcone model, A. R. Smith, "Color gamut transform pairs", SIGGRAPH 1978.
    """
    batch = image_batch(images, channels=3)
    red, green, blue = jnp.moveaxis(unit_range(batch), -1, 0)
    value = jnp.maximum(jnp.maximum(red, green), blue)
    chroma = value - jnp.minimum(jnp.minimum(red, green), blue)
    safe = jnp.where(chroma == 0, 1.0, chroma)
    sector = jnp.where(
        value == red,
        (green - blue) / safe,
        jnp.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    sector = sector + 6 * jnp.broadcast_to(jnp.asarray(turn), (len(batch),))[:, None, None]
    # Red, green and blue are one curve of the hue, read 0, 4 and 2 sectors further on.
    position = (sector[..., None] + jnp.array([5.0, 3.0, 1.0])) % 6
    drop = jnp.clip(jnp.minimum(position, 4 - position), 0, 1)
    return like(value[..., None] - chroma[..., None] * drop, batch)


@jax.jit
def colour_jitter(
    images: ArrayLike,
    *,
    key: Array,
    brightness: ArrayLike = 0.0,
    contrast: ArrayLike = 0.0,
    saturation: ArrayLike = 0.0,
    hue: ArrayLike = 0.0,
) -> Array:
    """Random brightness, contrast, saturation and hue, each image with its own draws.

    A strength ``s`` draws a factor from ``[1 - s, 1 + s]``; ``hue`` draws from ``[-hue, hue]``.

    Example:
        >>> grey = jnp.full((4, 2, 2, 3), 100, jnp.uint8)
        >>> jittered = colour_jitter(grey, key=jax.random.key(0), brightness=0.2)
        >>> bool((jittered >= 80).all() & (jittered <= 120).all())
        True
    """
    batch = image_batch(images, channels=3)
    keys, n = jax.random.split(key, 4), len(batch)
    values = unit_range(batch)
    values = adjust_brightness(values, uniform(keys[0], n, 1 - brightness, 1 + brightness))
    values = adjust_contrast(values, uniform(keys[1], n, 1 - contrast, 1 + contrast))
    values = adjust_saturation(values, uniform(keys[2], n, 1 - saturation, 1 + saturation))
    return like(adjust_hue(values, uniform(keys[3], n, -jnp.asarray(hue), hue)), batch)


def _luma(values: Array) -> Array:
    return (values * jnp.array(_LUMA, values.dtype)).sum(axis=-1, keepdims=True)


def _blend(values: Array, base: Array | float, factor: ArrayLike) -> Array:
    factors = per_image(jnp.broadcast_to(jnp.asarray(factor), (len(values),)))
    return base + factors * (values - base)
