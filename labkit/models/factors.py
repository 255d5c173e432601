"""Users and items as vectors whose product says how well they fit."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from labkit.models.layers import Embedding
from labkit.types import Float, Int

__all__ = ["Factors", "PairFactors"]


@dataclass(frozen=True, eq=False)
class Factors:
    """Two tables of vectors.

    Attributes:
        users: ``[n, d]``.
        items: ``[m, d]``.
        bias: ``[m]`` what an item gets from every user.
    """

    users: Float[np.ndarray, "n d"]
    items: Float[np.ndarray, "m d"]
    bias: Float[np.ndarray, " m"]

    def scores(self) -> Float[np.ndarray, "n m"]:
        """Of each user for each item.

        Example:
            >>> Factors(np.ones((1, 2)), np.array([[1.0, 2.0], [0.0, 1.0]]), np.zeros(2)).scores()
            array([[3., 1.]])
        """
        return self.users @ self.items.T + self.bias


class PairFactors(nnx.Module):
    """Factors that learn from pairs: which of two items does the user prefer?

    Args:
        num_users: rows of the table of users.
        num_items: rows of the table of items.
        width: length of the vectors.
        rngs: the random stream that the vectors are drawn from.

    Source: Rendle et al. 2009 (arXiv:1205.2618), Bayesian personalised ranking.

    Example:
        >>> model = PairFactors(3, 5, 4, rngs=nnx.Rngs(0))
        >>> model(jnp.array([[0, 4, 2], [2, 1, 0]])).shape
        (2,)
    """

    def __init__(self, num_users: int, num_items: int, width: int, *, rngs: nnx.Rngs) -> None:
        self.users = Embedding(num_users, width, rngs=rngs)
        self.items = Embedding(num_items, width, rngs=rngs)
        self.bias = nnx.Param(jnp.zeros(num_items))

    def __call__(self, triples: Int[Array, "b 3"]) -> Float[Array, " b"]:
        """For each user, chosen item and other item: by how much the chosen one fits better."""
        user, chosen, other = (triples[:, i] for i in range(3))
        apart = self.items(chosen) - self.items(other)
        bias = self.bias[...]
        return (self.users(user) * apart).sum(-1) + bias[chosen] - bias[other]

    def factors(self) -> Factors:
        """The tables, to score all items at once."""
        tables = (self.users.table[...], self.items.table[...], self.bias[...])
        return Factors(*map(np.asarray, tables))
