"""Two towers: what is known of a user and of an item, each brought to one vector."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from labkit.models.factors import Factors
from labkit.models.layers import Dense
from labkit.types import Float, Int

__all__ = ["TwoTower"]


class TwoTower(nnx.Module):
    """A user and an item fit as far as their two vectors, of length 1, point the same way.

    The towers read features, never numbers of users or items: so a new item has a vector before
    anybody has chosen it. A call scores a batch of (user, item) pairs all against all; the
    others' items serve as those not chosen. An item's logarithmic frequency is subtracted there,
    since popular items come up as others more often.

    Args:
        user_features: ``[n, f]``, such as the mean of the items a user chose.
        item_features: ``[m, g]``, such as embeddings of their texts.
        counts: ``[m]`` how often each item was chosen.
        width: length of the vectors.
        temperature: the products are divided by it.
        rngs: the random stream that the parameters are drawn from.

    Source: Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item
        recommendations", RecSys; here the frequencies are counted, not estimated in the stream.

    Example:
        >>> model = TwoTower(np.ones((2, 3)), np.ones((4, 5)), np.ones(4), 8, rngs=nnx.Rngs(0))
        >>> model(jnp.array([[0, 3], [1, 2]])).shape
        (2, 2)
    """

    def __init__(
        self,
        user_features: Float[np.ndarray, "n f"],
        item_features: Float[np.ndarray, "m g"],
        counts: Float[np.ndarray, " m"],
        width: int,
        *,
        temperature: float = 0.1,
        rngs: nnx.Rngs,
    ) -> None:
        self.user_features = nnx.Variable(jnp.asarray(user_features, jnp.float32))
        self.item_features = nnx.Variable(jnp.asarray(item_features, jnp.float32))
        share = np.maximum(counts, 1) / np.maximum(counts, 1).sum()
        self.log_share = nnx.Variable(jnp.asarray(np.log(share), jnp.float32))
        self.temperature = temperature
        self.user_hidden = Dense(user_features.shape[1], 2 * width, rngs=rngs)
        self.user_out = Dense(2 * width, width, rngs=rngs)
        self.item_hidden = Dense(item_features.shape[1], 2 * width, rngs=rngs)
        self.item_out = Dense(2 * width, width, rngs=rngs)

    def __call__(self, pairs: Int[Array, "b 2"]) -> Float[Array, "b b"]:
        """Scores (logits) of each pair's item for each pair's user; the diagonal was chosen."""
        users = self.user_vectors(self.user_features[...][pairs[:, 0]])
        items = self.item_vectors(self.item_features[...][pairs[:, 1]])
        scores = users @ items.T / self.temperature - self.log_share[...][pairs[:, 1]]
        again = (pairs[:, 1][:, None] == pairs[:, 1][None]) & ~jnp.eye(len(pairs), dtype=bool)
        return jnp.where(again, -1e9, scores)  # the same item twice is not one not chosen

    def user_vectors(self, features: Float[Array, "b f"]) -> Float[Array, "b d"]:
        """Vectors of length 1."""
        return _unit(self.user_out(jax.nn.relu(self.user_hidden(features))))

    def item_vectors(self, features: Float[Array, "b g"]) -> Float[Array, "b d"]:
        """Vectors of length 1."""
        return _unit(self.item_out(jax.nn.relu(self.item_hidden(features))))

    def factors(self) -> Factors:
        """The vectors of all users and items; no item is favoured for its frequency."""
        users = self.user_vectors(self.user_features[...])
        items = self.item_vectors(self.item_features[...])
        return Factors(np.asarray(users), np.asarray(items), np.zeros(len(items), np.float32))


def _unit(vectors: Float[Array, "b d"]) -> Float[Array, "b d"]:
    return vectors * jax.lax.rsqrt((vectors**2).sum(-1, keepdims=True) + 1e-12)
