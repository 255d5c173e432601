"""Recurrent networks: LSTM and GRU layers, both ways in time, and a network made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from labkit import kernels
from labkit.errors import ArgumentError
from labkit.models.layers import Dense, Embedding
from labkit.types import Float, Int

__all__ = ["GRU", "LSTM", "Bidirectional", "RecurrentConfig", "RecurrentNet"]


class LSTM(nnx.Module):
    """Long short-term memory over a whole sequence.

    Args:
        in_features: features at each time.
        width: length of the hidden state.
        rngs: the random stream that the parameters are drawn from.

    Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, whose bias
        starts at 1 (Jozefowicz et al. 2015).
    """

    def __init__(self, in_features: int, width: int, *, rngs: nnx.Rngs) -> None:
        self.width = width
        self.input_kernel = nnx.Param(_uniform(rngs, width, (in_features, 4 * width)))
        self.recurrent_kernel = nnx.Param(_uniform(rngs, width, (width, 4 * width)))
        self.bias = nnx.Param(jnp.zeros(4 * width).at[width : 2 * width].set(1.0))

    def __call__(self, x: Float[Array, "b t f"]) -> Float[Array, "b t d"]:
        """The hidden state at each time."""
        return kernels.lstm(x, self.input_kernel[...], self.recurrent_kernel[...], self.bias[...])[
            0
        ]


class GRU(nnx.Module):
    """Gated recurrent unit over a whole sequence: two gates, no cell apart.

    Args:
        in_features: features at each time.
        width: length of the hidden state.
        rngs: the random stream that the parameters are drawn from.

    Source: Cho et al. 2014 (arXiv:1406.1078), reset after the product as in PyTorch.
    """

    def __init__(self, in_features: int, width: int, *, rngs: nnx.Rngs) -> None:
        self.width = width
        self.input_kernel = nnx.Param(_uniform(rngs, width, (in_features, 3 * width)))
        self.recurrent_kernel = nnx.Param(_uniform(rngs, width, (width, 3 * width)))
        self.bias = nnx.Param(jnp.zeros(3 * width))
        self.candidate_bias = nnx.Param(jnp.zeros(width))

    def __call__(self, x: Float[Array, "b t f"]) -> Float[Array, "b t d"]:
        """The hidden state at each time."""
        return kernels.gru(
            x,
            self.input_kernel[...],
            self.recurrent_kernel[...],
            self.bias[...],
            self.candidate_bias[...],
        )[0]


class Bidirectional(nnx.Module):
    """One layer read forwards, another backwards; their states side by side.

    Args:
        layer: ``LSTM`` or ``GRU``.
        in_features: features at each time.
        width: length of each of the two hidden states.
        rngs: the random stream that the parameters are drawn from.
    """

    def __init__(
        self, layer: Callable[..., nnx.Module], in_features: int, width: int, *, rngs: nnx.Rngs
    ) -> None:
        self.forwards = layer(in_features, width, rngs=rngs)
        self.backwards = layer(in_features, width, rngs=rngs)

    def __call__(
        self, x: Float[Array, "b t f"], lengths: Int[Array, " b"] | None = None
    ) -> Float[Array, "b t d2"]:
        """At each time, what lies before and what lies behind.

        Where ``lengths`` are given, the way back starts at each sequence's last time, so that the
        padding behind it, however long, changes nothing before it.
        """
        turned = _turned(x, lengths)
        behind = _turned(self.backwards(turned), lengths)
        return jnp.concatenate([self.forwards(x), behind], axis=-1)


def _turned(x: Array, lengths: Array | None) -> Array:
    """Each sequence backwards, its padding left behind it."""
    if lengths is None:
        return jnp.flip(x, axis=1)
    times = jnp.arange(x.shape[1])
    back = jnp.where(times < lengths[:, None], lengths[:, None] - 1 - times, times)
    return jnp.take_along_axis(x, back[..., None], axis=1)


@dataclass(frozen=True)
class RecurrentConfig:
    """What a recurrent network over tokens looks like.

    Attributes:
        num_tokens: size of the vocabulary.
        num_outputs: scores at each position.
        width: length of the embedding and of each hidden state.
        layers: recurrent layers, one above the other.
        layer: ``LSTM`` or ``GRU``.
        bidirectional: whether each layer reads both ways; not for predicting what comes next.
    """

    num_tokens: int
    num_outputs: int
    width: int = 128
    layers: int = 1
    layer: Callable[..., nnx.Module] = LSTM
    bidirectional: bool = False

    def __post_init__(self) -> None:
        if min(self.num_tokens, self.num_outputs, self.width, self.layers) < 1:
            raise ArgumentError("RecurrentConfig", required="made of sizes of at least 1", got=self)

    @classmethod
    def characters(cls, num_tokens: int = 65) -> RecurrentConfig:
        """A language model over characters: what comes next at each position."""
        return cls(num_tokens, num_tokens, width=256)

    @classmethod
    def tagger(cls, num_tokens: int, num_tags: int) -> RecurrentConfig:
        """A label for each token, from what stands before and behind it."""
        return cls(num_tokens, num_tags, bidirectional=True)


class RecurrentNet(nnx.Module):
    """Embedding, recurrent layers, and scores at each position.

    Args:
        config: its sizes.
        rngs: the random stream that the parameters are drawn from.

    Example:
        >>> model = RecurrentNet(RecurrentConfig(11, 3, width=8), rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((2, 5), int)).shape
        (2, 5, 3)
    """

    def __init__(self, config: RecurrentConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        self.embedding = Embedding(config.num_tokens, config.width, rngs=rngs)
        width, stack = config.width, []
        for _ in range(config.layers):
            if config.bidirectional:
                stack.append(Bidirectional(config.layer, width, config.width, rngs=rngs))
            else:
                stack.append(config.layer(width, config.width, rngs=rngs))
            width = config.width * (2 if config.bidirectional else 1)
        self.stack = nnx.List(stack)
        self.head = Dense(width, config.num_outputs, rngs=rngs)

    def __call__(self, tokens: Int[Array, "b t"]) -> Float[Array, "b t k"]:
        """Scores (logits) at each position."""
        x = self.embedding(tokens)
        for layer in self.stack:
            x = layer(x)
        return self.head(x)


def _uniform(rngs: nnx.Rngs, width: int, shape: tuple[int, ...]) -> Array:
    bound = 1 / math.sqrt(width)
    return jax.random.uniform(rngs.params(), shape, minval=-bound, maxval=bound)
