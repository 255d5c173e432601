"""Which parts of an input a score rests on: its gradient, and its gradient along a path."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError

__all__ = ["integrated_gradients", "saliency"]

#: A differentiable function of a batch ``(b ...)`` that gives one score for each input ``(b)``.
Scorer = Callable[[Array], Array]


def saliency(score: Scorer, inputs: ArrayLike) -> np.ndarray:
    """How much the score changes with each entry of each input: the gradient's absolute value.

    Args:
        score: of a batch; each input's score may depend on that input only.
        inputs: a batch (b ...).

    Raises:
        ShapeError: the scores are not one for each input.

    Source: Simonyan, Vedaldi and Zisserman 2014 (arXiv:1312.6034), section 3.

    Example:
        >>> saliency(lambda x: x[:, 0] ** 2 - x[:, 1], np.array([[3.0, 5.0]])).tolist()
        [[6.0, 1.0]]
    """
    batch = _checked(score, inputs)
    return np.abs(np.asarray(_gradient(score)(batch)))


def integrated_gradients(
    score: Scorer, inputs: ArrayLike, *, baseline: ArrayLike = 0.0, steps: int = 64
) -> np.ndarray:
    """What each entry adds to the score on the straight way from a baseline to the input.

    ``(x - baseline) * mean of the gradient along the way``; the entries of an input add up to
    its score minus the baseline's (completeness), up to the error of the sum.

    Args:
        score: of a batch; each input's score may depend on that input only.
        inputs: a batch (b ...).
        baseline: an input that stands for nothing, or one number: a black image, the mean.
        steps: gradients along the way, at the middles of equal pieces.

    Raises:
        ShapeError: the scores are not one for each input, or the baseline does not fit.
        ArgumentError: no steps.

    Source: Sundararajan, Taly and Yan 2017 (arXiv:1703.01365), section 3; they sum at the ends
        of the pieces, here at the middles, whose error is of second order.

    Example:
        >>> parts = integrated_gradients(lambda x: x[:, 0] * x[:, 1], np.array([[2.0, 3.0]]))
        >>> parts.round(3).tolist(), round(float(parts.sum()), 3)
        ([[3.0, 3.0]], 6.0)
    """
    batch = _checked(score, inputs)
    if steps < 1:
        raise ArgumentError("steps", required="at least 1", got=steps)
    start = jnp.asarray(baseline, batch.dtype)
    try:
        start = jnp.broadcast_to(start, batch.shape)
    except ValueError:
        required = f"one number, or of shape {batch.shape[1:]}"
        raise ShapeError("baseline", required=required, got=start.shape) from None
    return np.asarray(_along(score, batch, start, steps))


def _along(score: Scorer, batch: Array, start: Array, steps: int) -> Array:
    gradient = _gradient(score)
    way = batch - start

    def add(total: Array, share: Array) -> tuple[Array, None]:
        return total + gradient(start + share * way), None

    middles = (jnp.arange(steps, dtype=batch.dtype) + 0.5) / steps
    total, _ = jax.lax.scan(add, jnp.zeros_like(batch), middles)
    return way * total / steps


def _gradient(score: Scorer) -> Callable[[Array], Array]:
    """Of all scores at once: their sum has the same gradient, as no score sees another's input."""
    return jax.grad(partial(_total, score))


def _total(score: Scorer, batch: Array) -> Array:
    return score(batch).sum()


def _checked(score: Scorer, inputs: ArrayLike) -> Array:
    batch = jnp.asarray(inputs)
    if not jnp.issubdtype(batch.dtype, jnp.floating) or batch.ndim < 2 or not len(batch):
        got = f"{batch.dtype} of shape {batch.shape}"
        raise ShapeError("inputs", required="a batch of numbers (b ...)", got=got)
    found = jax.eval_shape(score, batch).shape
    if found != batch.shape[:1]:
        required = f"one for each input: of shape {batch.shape[:1]}"
        raise ShapeError("scores", required=required, got=found, fix="Pick one class's logit.")
    return batch
