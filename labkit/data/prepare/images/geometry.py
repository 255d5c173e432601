"""Moving pixels without changing them: pad, crop, flip."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.data.prepare.images._batch import image_batch, per_image
from labkit.errors import ArgumentError

__all__ = ["center_crop", "pad", "random_crop", "random_flip"]


@partial(jax.jit, static_argnames=("padding", "value"))
def pad(images: ArrayLike, padding: int, value: float = 0) -> Array:
    """``padding`` pixels of ``value`` on each of the four sides.

    Example:
        >>> pad(jnp.ones((1, 2, 2, 3)), 4).shape
        (1, 10, 10, 3)
    """
    edges = (padding, padding)
    return jnp.pad(image_batch(images), ((0, 0), edges, edges, (0, 0)), constant_values=value)


@partial(jax.jit, static_argnames="size")
def center_crop(images: ArrayLike, size: tuple[int, int]) -> Array:
    """The middle ``(height, width)`` of every image.

    Example:
        >>> center_crop(jnp.arange(16).reshape(1, 4, 4, 1), (2, 2))[0, ..., 0].tolist()
        [[5, 6], [9, 10]]
    """
    batch = image_batch(images)
    _require_fits(size, batch.shape[1:3])
    top, left = (batch.shape[1] - size[0]) // 2, (batch.shape[2] - size[1]) // 2
    return batch[:, top : top + size[0], left : left + size[1]]


@partial(jax.jit, static_argnames=("size", "padding"))
def random_crop(
    images: ArrayLike, *, key: Array, size: tuple[int, int] | None = None, padding: int = 0
) -> Array:
    """A window cut at a random place of every image, each image at its own.

    Args:
        images: ``(b, h, w, c)``.
        key: a JAX random key.
        size: ``(height, width)`` of the window; ``None`` for the size of the images.
        padding: zeros put around the images first, so that the window can slide.

    Raises:
        ArgumentError: the window is larger than the padded image.

    Source:
        Pad-and-crop for CIFAR: He et al. 2016, https://arxiv.org/abs/1512.03385, section 4.2.

    Example:
        >>> random_crop(jnp.ones((2, 8, 8, 3)), key=jax.random.key(0), padding=2).shape
        (2, 8, 8, 3)
    """
    batch = image_batch(images)
    height, width = size or batch.shape[1:3]
    padded = pad(batch, padding)
    _require_fits((height, width), padded.shape[1:3])
    free = jnp.array([padded.shape[1] - height, padded.shape[2] - width])
    corners = jax.random.randint(key, (len(batch), 2), 0, free + 1)

    def window(image: Array, corner: Array) -> Array:
        start = (corner[0], corner[1], 0)
        return jax.lax.dynamic_slice(image, start, (height, width, image.shape[-1]))

    return jax.vmap(window)(padded, corners)


@jax.jit
def random_flip(images: ArrayLike, *, key: Array, probability: ArrayLike = 0.5) -> Array:
    """Every image mirrored left to right with the given probability.

    Example:
        >>> image = jnp.array([1, 2]).reshape(1, 1, 2, 1)
        >>> random_flip(image, key=jax.random.key(0), probability=1.0).ravel().tolist()
        [2, 1]
    """
    batch = image_batch(images)
    mirrored = jax.random.bernoulli(key, probability, (len(batch),))
    return jnp.where(per_image(mirrored), batch[:, :, ::-1], batch)


def _require_fits(size: tuple[int, int], available: tuple[int, ...]) -> None:
    if not (0 < size[0] <= available[0] and 0 < size[1] <= available[1]):
        raise ArgumentError(
            "size",
            required=f"between (1, 1) and the {tuple(available)} of the padded images",
            got=tuple(size),
            fix="Ask for a smaller window or for more padding.",
        )
