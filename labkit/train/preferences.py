"""Learning from choices: losses and draws for models that rank."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from labkit.train.losses import cross_entropy
from labkit.types import Float, Int, Num

__all__ = ["all_against_all", "draw_others", "pairwise_loss"]


def pairwise_loss(margins: Float[Array, " b"], _targets: Num[Array, " b"]) -> Float[Array, ""]:
    """Mean surprise at the chosen item fitting better: ``softplus(-margin)``.

    Source: Rendle et al. 2009 (arXiv:1205.2618), equation 4, without its prior.

    Example:
        >>> float(pairwise_loss(jnp.zeros(2), jnp.zeros(2)))  # log 2: a blind guess
        0.693...
    """
    return jax.nn.softplus(-margins).mean()


def all_against_all(scores: Float[Array, "b b"], _targets: Num[Array, " b"]) -> Float[Array, ""]:
    """Mean surprise at the diagonal: each row's own column among those of the batch.

    Example:
        >>> float(all_against_all(jnp.zeros((4, 4)), jnp.zeros(4)))  # log 4
        1.386...
    """
    return cross_entropy(scores, jnp.arange(len(scores)))


def draw_others(num_items: int) -> Callable[[Array, Array], Array]:
    """For ``fit(augment=...)``: the third column becomes items drawn anew for each batch.

    A drawn item may be one that the user has: rare in a large catalogue, and left in.

    Example:
        >>> draw = draw_others(5)
        >>> triples = draw(jax.random.key(0), jnp.array([[1, 2, 0], [3, 4, 0]]))
        >>> triples[:, :2].tolist(), bool((triples[:, 2] < 5).all())
        ([[1, 2], [3, 4]], True)
    """

    def draw(key: Array, triples: Int[Array, "b 3"]) -> Int[Array, "b 3"]:
        others = jax.random.randint(key, (len(triples),), 0, num_items)
        return triples.at[:, 2].set(others)

    return draw
