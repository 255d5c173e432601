"""A BERT-type encoder: the transformer of 2018, normalised after each part."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from labkit import kernels
from labkit.errors import ArgumentError, ShapeError
from labkit.models.layers import Dense, Embedding
from labkit.models.norms import LayerNorm
from labkit.types import Bool, Float, Int

__all__ = ["Bert", "BertConfig", "mean_over_tokens"]


@dataclass(frozen=True)
class BertConfig:
    """What a BERT-type encoder looks like.

    Attributes:
        num_tokens: size of the vocabulary.
        max_length: positions that have an embedding.
        width: length of the vector at each position.
        heads: attentions side by side; divides ``width``.
        layers: blocks, one above the other.
        hidden: width between the two dense layers of a block.
        epsilon: of the normalisations.
    """

    num_tokens: int
    max_length: int
    width: int
    heads: int
    layers: int
    hidden: int
    epsilon: float = 1e-12

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ArgumentError("heads", required=f"a divisor of {self.width}", got=self.heads)

    @classmethod
    def minilm_l6(cls) -> BertConfig:
        """The encoder of all-MiniLM-L6-v2: 22.6 million parameters without its pooler."""
        return cls(30522, 512, 384, 12, 6, 1536)

    @classmethod
    def from_file(cls, path: Path) -> BertConfig:
        """Read the ``config.json`` that comes with a Hugging Face model.

        Raises:
            ArgumentError: the model is not of the BERT type, or uses another activation.
        """
        stored = json.loads(path.read_text(encoding="utf-8"))
        kind = (stored.get("model_type"), stored.get("hidden_act"))
        if kind != ("bert", "gelu"):
            raise ArgumentError("model", required="of type bert with gelu", got=kind)
        return cls(
            stored["vocab_size"],
            stored["max_position_embeddings"],
            stored["hidden_size"],
            stored["num_attention_heads"],
            stored["num_hidden_layers"],
            stored["intermediate_size"],
            stored["layer_norm_eps"],
        )


class _Layer(nnx.Module):
    """Attention, then two dense layers; each is added, then normalised."""

    def __init__(self, config: BertConfig, rngs: nnx.Rngs) -> None:
        width = config.width
        self.heads = config.heads
        self.query = Dense(width, width, rngs=rngs)
        self.key = Dense(width, width, rngs=rngs)
        self.value = Dense(width, width, rngs=rngs)
        self.projection = Dense(width, width, rngs=rngs)
        self.attention_norm = LayerNorm(width, epsilon=config.epsilon)
        self.up = Dense(width, config.hidden, rngs=rngs)
        self.down = Dense(config.hidden, width, rngs=rngs)
        self.dense_norm = LayerNorm(width, epsilon=config.epsilon)

    def __call__(self, x: Float[Array, "b t d"], mask: Bool[Array, "b _ _ t"]) -> Array:
        shape = (*x.shape[:2], self.heads, -1)
        query, key, value = (f(x).reshape(shape) for f in (self.query, self.key, self.value))
        seen = kernels.attention(query, key, value, mask=mask).reshape(x.shape)
        x = self.attention_norm(x + self.projection(seen))
        inside = jax.nn.gelu(self.up(x), approximate=False)
        return self.dense_norm(x + self.down(inside))


class Bert(nnx.Module):
    """Token, position and segment embeddings, then layers that all see each other.

    Args:
        config: its sizes.
        rngs: the random stream that the parameters are drawn from.

    Source: Devlin et al. 2019 (arXiv:1810.04805), without the pooler, which sentence embeddings
        do not use; all tokens are of the first segment.

    Example:
        >>> model = Bert(BertConfig(11, 8, 8, 2, 1, 16), rngs=nnx.Rngs(0))
        >>> model(jnp.ones((2, 5), int), jnp.ones((2, 5), bool)).shape
        (2, 5, 8)
    """

    def __init__(self, config: BertConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        self.tokens = Embedding(config.num_tokens, config.width, rngs=rngs)
        self.positions = Embedding(config.max_length, config.width, rngs=rngs)
        self.segments = Embedding(2, config.width, rngs=rngs)
        self.norm = LayerNorm(config.width, epsilon=config.epsilon)
        self.layers = nnx.List([_Layer(config, rngs) for _ in range(config.layers)])

    def __call__(
        self, tokens: Int[Array, "b t"], mask: Bool[Array, "b t"]
    ) -> Float[Array, "b t d"]:
        """A vector for each token, given all that ``mask`` marks as no padding."""
        length = tokens.shape[1]
        if length > self.config.max_length:
            required = f"at most {self.config.max_length} positions long"
            raise ShapeError("tokens", required=required, got=length)
        x = self.tokens(tokens) + self.positions(jnp.arange(length)) + self.segments.table[0]
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        return x


def mean_over_tokens(
    vectors: Float[Array, "b t d"], mask: Bool[Array, "b t"]
) -> Float[Array, "b d"]:
    """The mean of each text's vectors, padding left out."""
    weights = mask[..., None].astype(vectors.dtype)
    return (vectors * weights).sum(1) / weights.sum(1)
