"""The Adam update, all of it in one pass over the parameters."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.types import PyTree

__all__ = ["AdamState", "adam_init", "adam_update"]


class AdamState(NamedTuple):
    """Steps taken so far, and the running means of the gradient and of its square."""

    step: Array
    mean: PyTree
    square: PyTree


def adam_init(parameters: PyTree) -> AdamState:
    """The state before the first step: nothing seen yet.

    Example:
        >>> int(adam_init({"w": jnp.ones(3)}).step)
        0
    """
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    return AdamState(jnp.zeros((), jnp.int32), zeros, jax.tree.map(jnp.zeros_like, parameters))


def adam_update(
    parameters: PyTree,
    gradients: PyTree,
    state: AdamState,
    *,
    learning_rate: ArrayLike = 1e-3,
    b1: float = 0.9,
    b2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[PyTree, AdamState]:
    """Take one step of Adam (AdamW where ``weight_decay`` is not 0).

    ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g ** 2`` and ``p = p - learning_rate *
    (m / (1 - b1 ** t) / (sqrt(v / (1 - b2 ** t)) + epsilon) + weight_decay p)``, the two
    corrections computed once and not per parameter.

    FLOPs: about 12 per parameter. Bytes at least: p, m and v read and written, g read: 28 per
    float32 parameter.

    Args:
        parameters: any nest of arrays.
        gradients: the same nest.
        state: what the last call returned, or `adam_init` of the parameters.
        learning_rate: length of a step.
        b1: memory of the mean.
        b2: memory of the square.
        epsilon: keeps the quotient away from zero.
        weight_decay: share of each parameter taken off per unit of learning rate.

    Returns:
        The new parameters and the new state.

    Source: D. P. Kingma and J. Ba, "Adam" (arXiv:1412.6980), algorithm 1; I. Loshchilov and
        F. Hutter, "Decoupled Weight Decay Regularization" (arXiv:1711.05101), algorithm 2.

    Example:
        >>> p, state = adam_update(jnp.ones(1), jnp.ones(1), adam_init(jnp.ones(1)))
        >>> f"{p[0]:.3f}", int(state.step)
        ('0.999', 1)
    """
    step = state.step + 1
    first = 1 - b1 ** step.astype(jnp.float32)
    second = 1 - b2 ** step.astype(jnp.float32)

    mean = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state.mean, gradients)
    square = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, state.square, gradients)

    def move(p: Array, m: Array, v: Array) -> Array:
        direction = (m / first) / (jnp.sqrt(v / second) + epsilon) + weight_decay * p
        return (p - learning_rate * direction).astype(p.dtype)

    return jax.tree.map(move, parameters, mean, square), AdamState(step, mean, square)
