"""Normalisation: over the features of one example, or over a batch."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.kernels._checks import floating, same_length, widened
from labkit.kernels.rows import add_row, scale_rows

__all__ = ["BatchNorm", "batch_norm", "layer_norm", "rms_norm"]


def layer_norm(
    x: ArrayLike,
    scale: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    *,
    epsilon: float = 1e-6,
) -> Array:
    """Bring the features of each example to mean 0 and variance 1, then scale and shift them.

    ``y = (x - mean) / sqrt(variance + epsilon) * scale + offset`` along the last axis. The
    gradient is written out (``(g - mean(g) - z * mean(g * z)) / deviation`` for the normalised
    z), so that it reads x once.

    FLOPs: about 8 per element. Bytes at least: x and y once: bound by memory.

    Args:
        x: features (... f).
        scale: one factor per feature (f), or none.
        offset: one number per feature (f), or none.
        epsilon: keeps the root away from zero.

    Returns:
        Features (... f) of the type of ``x``.

    Raises:
        ShapeError: scale or offset is not as long as the features.

    Source: J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization" (arXiv:1607.06450),
        equation 3.

    Example:
        >>> layer_norm(jnp.array([[1.0, 3.0]])).round(3).tolist()
        [[-1.0, 1.0]]
    """
    x = floating("x", x, "... f")
    return _affine(_standardize(x, epsilon, centred=True), scale, offset).astype(x.dtype)


def rms_norm(x: ArrayLike, scale: ArrayLike | None = None, *, epsilon: float = 1e-6) -> Array:
    """Bring the features of each example to a mean square of 1, then scale them.

    ``y = x / sqrt(mean(x ** 2) + epsilon) * scale`` along the last axis.

    FLOPs: about 5 per element. Bytes at least: x and y once.

    Args:
        x: features (... f).
        scale: one factor per feature (f), or none.
        epsilon: keeps the root away from zero.

    Returns:
        Features (... f) of the type of ``x``.

    Raises:
        ShapeError: scale is not as long as the features.

    Source: B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization" (arXiv:1910.07467),
        equation 4.

    Example:
        >>> rms_norm(jnp.array([[3.0, 3.0]])).round(3).tolist()
        [[1.0, 1.0]]
    """
    x = floating("x", x, "... f")
    return _affine(_standardize(x, epsilon, centred=False), scale, None).astype(x.dtype)


class BatchNorm(NamedTuple):
    """A normalised batch, and the statistics that normalised it (one per channel)."""

    y: Array
    mean: Array
    variance: Array


def batch_norm(
    x: ArrayLike,
    scale: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    *,
    mean: ArrayLike | None = None,
    variance: ArrayLike | None = None,
    epsilon: float = 1e-5,
) -> BatchNorm:
    """Bring each channel to mean 0 and variance 1 over the batch, then scale and shift it.

    In training leave out ``mean`` and ``variance``: they are those of the batch (the variance
    divided by n, not n - 1), and come back to be averaged. At inference hand in the averages.

    FLOPs: about 8 per element. Bytes at least: x twice and y once in training, since the
    statistics need a first pass.

    Args:
        x: (... c); all axes but the last are the batch.
        scale: one factor per channel (c), or none.
        offset: one number per channel (c), or none.
        mean: averaged means (c), with ``variance``; none in training.
        variance: averaged variances (c), with ``mean``; none in training.
        epsilon: keeps the root away from zero.

    Returns:
        `BatchNorm`: y like x, and the mean and variance used, in at least float32.

    Raises:
        ShapeError: scale, offset, mean or variance does not have one number per channel.
        ArgumentError: only one of mean and variance is given.

    Source: S. Ioffe and C. Szegedy, "Batch Normalization" (arXiv:1502.03167), algorithm 1.

    Example:
        >>> batch_norm(jnp.array([[1.0], [3.0]])).mean.tolist()
        [2.0]
    """
    x = floating("x", x, "... c")
    if (mean is None) != (variance is None):
        raise ArgumentError("mean", required="given together with variance", got=mean)
    wide = widened(x)
    axes = tuple(range(x.ndim - 1))
    if mean is None or variance is None:
        centre = wide.mean(axis=axes)
        spread = jnp.square(wide - centre).mean(axis=axes)
    else:
        centre, spread = (
            _per_feature(n, v, wide) for n, v in (("mean", mean), ("variance", variance))
        )
    y = _affine((wide - centre) * lax.rsqrt(spread + epsilon), scale, offset)
    return BatchNorm(y.astype(x.dtype), centre, spread)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _standardize(x: Array, epsilon: float, centred: bool) -> Array:
    return _standardize_forward(x, epsilon, centred)[0]


def _standardize_forward(
    x: Array, epsilon: float, centred: bool
) -> tuple[Array, tuple[Array, Array, Array]]:
    wide = widened(x)
    mean = (
        wide.mean(axis=-1, keepdims=True) if centred else jnp.zeros((*x.shape[:-1], 1), wide.dtype)
    )
    inverse = lax.rsqrt(jnp.square(wide - mean).mean(axis=-1, keepdims=True) + epsilon)
    return (wide - mean) * inverse, (x, mean, inverse)


def _standardize_backward(
    _epsilon: float, centred: bool, kept: tuple[Array, Array, Array], gradient: Array
) -> tuple[Array]:
    x, mean, inverse = kept
    z = (widened(x) - mean) * inverse
    along = (gradient * z).mean(axis=-1, keepdims=True)
    shift = gradient.mean(axis=-1, keepdims=True) if centred else 0.0
    return (((gradient - shift - z * along) * inverse).astype(x.dtype),)


_standardize.defvjp(_standardize_forward, _standardize_backward)


def _affine(z: Array, scale: ArrayLike | None, offset: ArrayLike | None) -> Array:
    z = z if scale is None else scale_rows(z, _per_feature("scale", scale, z))
    return z if offset is None else add_row(z, _per_feature("offset", offset, z))


def _per_feature(argument: str, value: ArrayLike, x: Array) -> Array:
    array = floating(argument, value, "f").astype(x.dtype)
    same_length(argument, array.shape[0], "features of x", x.shape[-1])
    return array
