"""What training makes small, and scores to watch; each a mean over the batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from labkit.types import Float, Int, Num

__all__ = ["accuracy", "binary_cross_entropy", "cross_entropy", "mean_squared_error"]


def cross_entropy(
    logits: Float[Array, "*b k"], targets: Int[Array, "*b"], *, label_smoothing: float = 0.0
) -> Float[Array, ""]:
    """Mean surprise, in nats, at the true classes: ``-log softmax(logits)[target]``.

    Args:
        logits: a score for each class along the last axis.
        targets: the true classes, 0 to k - 1.
        label_smoothing: share of each target spread evenly over all classes.

    Source: label smoothing as in Szegedy et al. 2016 (arXiv:1512.00567), section 7.

    Example:
        >>> float(cross_entropy(jnp.zeros((2, 4)), jnp.array([0, 3])))  # log 4: a blind guess
        1.386...
    """
    log_p = jax.nn.log_softmax(logits.astype(jnp.promote_types(logits.dtype, jnp.float32)))
    surprise = -jnp.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    smoothed = (1 - label_smoothing) * surprise - label_smoothing * log_p.mean(-1)
    return (smoothed if label_smoothing else surprise).mean()


def binary_cross_entropy(logits: Float[Array, "*b"], targets: Num[Array, "*b"]) -> Float[Array, ""]:
    """Mean surprise, in nats, at yes-or-no targets: ``softplus(logit) - target * logit``.

    Example:
        >>> float(binary_cross_entropy(jnp.zeros(2), jnp.array([0.0, 1.0])))  # log 2
        0.693...
    """
    return (jax.nn.softplus(logits) - targets * logits).mean()


def mean_squared_error(outputs: Float[Array, "*b"], targets: Num[Array, "*b"]) -> Float[Array, ""]:
    """Mean of the squared differences.

    Example:
        >>> float(mean_squared_error(jnp.array([1.0, 2.0]), jnp.array([1.0, 4.0])))
        2.0
    """
    return jnp.square(outputs - targets).mean()


def accuracy(logits: Float[Array, "*b k"], targets: Int[Array, "*b"]) -> Float[Array, ""]:
    """Share of examples whose largest score is at the true class.

    Example:
        >>> float(accuracy(jnp.array([[2.0, 1.0], [0.0, 3.0]]), jnp.array([0, 0])))
        0.5
    """
    return (logits.argmax(-1) == targets).mean()
