"""A linear-chain conditional random field: tags chosen together, not one by one."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

from labkit import kernels
from labkit.types import Bool, Float, Int

__all__ = ["CRF", "TagScores"]


class TagScores(NamedTuple):
    """What a tagger says of a batch of sequences: enough to score and to choose their tags.

    ``score(tags) = sum over t of emissions[t, tags[t]] + transitions[tags[t - 1], tags[t]]``, with
    a score for the first tag in place of a transition; ``p(tags) = exp(score(tags)) / Z``. With
    ``first`` and ``transitions`` zero the tags are independent: a softmax at each place.

    Attributes:
        emissions: how each tag fits each place (b t k).
        lengths: of the sequences (b); places from its length on do not count.
        first: a score for each tag at the start (k).
        transitions: a score for each tag (column) after each tag (row) (k k).
    """

    emissions: Array
    lengths: Array
    first: Array
    transitions: Array

    def log_likelihood(self, tags: Int[Array, "b t"]) -> Float[Array, " b"]:
        """``log p(tags)`` of each sequence; 0 of one without any place."""
        found = self._score(tags) - self._log_normaliser()
        return jnp.where(self.lengths > 0, found, 0)

    def decode(self) -> Int[Array, "b t"]:
        """The likeliest tags of each sequence (Viterbi); 0 from its length on."""
        inside = self._inside()

        def forward(best: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
            emission, is_inside = now
            ways = best[:, :, None] + self.transitions
            reached = ways.max(1) + emission
            came_from = jnp.where(is_inside[:, None], ways.argmax(1), jnp.arange(best.shape[1]))
            return jnp.where(is_inside[:, None], reached, best), came_from

        def backward(tag: Array, came_from: Array) -> tuple[Array, Array]:
            before = jnp.take_along_axis(came_from, tag[:, None], 1)[:, 0]
            return before, tag

        start = self.first + self.emissions[:, 0]
        times = (self.emissions[:, 1:].swapaxes(0, 1), inside[:, 1:].T)
        best, pointers = lax.scan(forward, start, times)
        first, later = lax.scan(backward, best.argmax(1), pointers, reverse=True)
        tags = jnp.concatenate([first[None], later]).T
        return jnp.where(inside, tags, 0).astype(jnp.int32)

    def only(self, first: Bool[Array, " k"], follows: Bool[Array, "k k"]) -> TagScores:
        """The same scores with all but the allowed moves made all but impossible."""
        never = -1e4  # far below any score, and no infinity that a product could turn into a nan
        return self._replace(
            first=self.first + jnp.where(first, 0, never),
            transitions=self.transitions + jnp.where(follows, 0, never),
        )

    def _inside(self) -> Bool[Array, "b t"]:
        return jnp.arange(self.emissions.shape[1]) < self.lengths[:, None]

    def _score(self, tags: Array) -> Array:
        fits = jnp.take_along_axis(self.emissions, tags[..., None], 2)[..., 0]
        follows = self.transitions[tags[:, :-1], tags[:, 1:]]
        later = jnp.where(self._inside()[:, 1:], fits[:, 1:] + follows, 0).sum(1)
        return self.first[tags[:, 0]] + fits[:, 0] + later

    def _log_normaliser(self) -> Array:
        """``log Z`` by the forward recursion: the sum over all ways to tag, in linear time."""

        def forward(total: Array, now: tuple[Array, Array]) -> tuple[Array, None]:
            emission, is_inside = now
            ways = total[:, :, None] + self.transitions
            reached = kernels.log_sum_exp(ways.swapaxes(1, 2)) + emission
            return jnp.where(is_inside[:, None], reached, total), None

        start = self.first + self.emissions[:, 0]
        times = (self.emissions[:, 1:].swapaxes(0, 1), self._inside()[:, 1:].T)
        total, _ = lax.scan(forward, start, times)
        return kernels.log_sum_exp(total)


class CRF(nnx.Module):
    """Scores a sequence of tags by how each fits its place and how each follows the one before.

    Args:
        num_tags: tags to choose from.

    Source: Lafferty, McCallum and Pereira 2001, "Conditional Random Fields"; as the last layer of
        a network: Lample et al. 2016 (arXiv:1603.01360), section 2.2.

    Example:
        >>> crf = CRF(2)
        >>> emissions = jnp.array([[[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]]])
        >>> crf.decode(emissions, jnp.array([3])).tolist()
        [[0, 1, 0]]
        >>> crf.decode(emissions, jnp.array([2])).tolist()  # the last place is padding
        [[0, 1, 0]]
    """

    def __init__(self, num_tags: int) -> None:
        self.first = nnx.Param(jnp.zeros(num_tags))
        self.transitions = nnx.Param(jnp.zeros((num_tags, num_tags)))

    def scores(self, emissions: Float[Array, "b t k"], lengths: Int[Array, " b"]) -> TagScores:
        """The emissions of a network and the transitions learned here, together."""
        return TagScores(emissions, lengths, self.first[...], self.transitions[...])

    def log_likelihood(
        self,
        emissions: Float[Array, "b t k"],
        tags: Int[Array, "b t"],
        lengths: Int[Array, " b"],
    ) -> Float[Array, " b"]:
        """``log p(tags)`` of each sequence; places from its length on do not count."""
        return self.scores(emissions, lengths).log_likelihood(tags)

    def decode(
        self, emissions: Float[Array, "b t k"], lengths: Int[Array, " b"]
    ) -> Int[Array, "b t"]:
        """The likeliest tags of each sequence (Viterbi); 0 from its length on."""
        return self.scores(emissions, lengths).decode()
