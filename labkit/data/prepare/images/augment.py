"""Putting augmentations one after another into one compiled function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.data.prepare.images.colour import normalise
from labkit.data.prepare.images.erase import cutout
from labkit.data.prepare.images.geometry import random_crop, random_flip

__all__ = ["Augmentation", "augmentation", "pad_crop_flip_cutout"]

#: A function of a batch of images and a random key.
Augmentation: TypeAlias = Callable[..., Array]


def augmentation(*steps: Augmentation) -> Augmentation:
    """The steps in order as one jitted function ``(images, *, key)``, a fresh key for each.

    XLA sees the whole chain at once and fuses it; the images are read and written once or
    twice, not once a step.

    Example:
        >>> augment = augmentation(random_flip, partial(random_crop, padding=2))
        >>> augment(jnp.ones((2, 8, 8, 3)), key=jax.random.key(0)).shape
        (2, 8, 8, 3)
    """

    @jax.jit
    def augment(images: ArrayLike, *, key: Array) -> Array:
        batch = jnp.asarray(images)
        for step, step_key in zip(steps, jax.random.split(key, len(steps)), strict=True):
            batch = step(batch, key=step_key)
        return batch

    return augment


def pad_crop_flip_cutout(
    mean: Sequence[float], std: Sequence[float], *, padding: int = 4, hole: int = 8
) -> Augmentation:
    """The usual training augmentation of small images: pad-crop, flip, normalise, cutout.

    The hole is cut after normalising, so that it is filled with the mean colour.

    Args:
        mean: of each channel, of images scaled to [0, 1].
        std: of each channel, alike.
        padding: zeros around the image before the crop, in pixels.
        hole: side of the square that cutout hides, in pixels.

    Source: He et al. 2016, https://arxiv.org/abs/1512.03385, section 4.2, with the cutout
        of DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552.

    Example:
        >>> augment = pad_crop_flip_cutout([0.5], [0.25])
        >>> augment(jnp.ones((2, 28, 28, 1), jnp.uint8), key=jax.random.key(0)).dtype.name
        'float32'
    """
    centre, spread = jnp.asarray(mean, jnp.float32), jnp.asarray(std, jnp.float32)

    def standardise(images: Array, *, key: Array) -> Array:  # noqa: ARG001
        return normalise(images, centre, spread)

    crop, hide = partial(random_crop, padding=padding), partial(cutout, size=hole)
    return augmentation(crop, random_flip, standardise, hide)
