"""Transformers: encoder and decoder in one stack of blocks, and decoding from a cache."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from labkit import kernels
from labkit.errors import ArgumentError, ShapeError
from labkit.kernels import KVCache
from labkit.models.layers import Dense, Embedding
from labkit.models.norms import LayerNorm
from labkit.types import Bool, Float, Int

__all__ = ["Block", "Transformer", "TransformerConfig"]


@dataclass(frozen=True)
class TransformerConfig:
    """What a transformer looks like.

    Attributes:
        num_tokens: size of the vocabulary.
        num_outputs: scores at each position.
        max_length: positions that have an embedding.
        width: length of the vector at each position.
        heads: attentions side by side; divides ``width``.
        layers: blocks, one above the other.
        expansion: the dense part of a block is so many times wider inside.
        causal: whether a position sees only itself and those before it (a decoder).
        dropout: share of each block's two outputs set to zero at each training step.
        rematerialise: whether a block's values are computed again for the gradient.
    """

    num_tokens: int
    num_outputs: int
    max_length: int
    width: int = 128
    heads: int = 4
    layers: int = 4
    expansion: int = 4
    causal: bool = False
    dropout: float = 0.0
    rematerialise: bool = False

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ArgumentError("heads", required=f"a divisor of {self.width}", got=self.heads)
        if not 0.0 <= self.dropout < 1.0:
            raise ArgumentError("dropout", required="at least 0 and below 1", got=self.dropout)

    @classmethod
    def characters(cls, num_tokens: int = 65, max_length: int = 128) -> TransformerConfig:
        """A small language model over characters."""
        return cls(num_tokens, num_tokens, max_length, causal=True)

    @classmethod
    def tagger(cls, num_tokens: int, num_tags: int, max_length: int = 128) -> TransformerConfig:
        """A label for each token, from all tokens around it."""
        return cls(num_tokens, num_tags, max_length, layers=2)


class Block(nnx.Module):
    """Attention, then two dense layers at each position; each normalised first and added.

    Args:
        width: length of the vector at each position.
        heads: attentions side by side.
        hidden: width between the two dense layers.
        dropout: share of each part's output set to zero in training.
        rngs: random streams for the parameters and for dropout.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), with the normalisation before each part (Xiong
        et al. 2020, arXiv:2002.04745) and GELU between the dense layers.
    """

    def __init__(
        self, width: int, heads: int, hidden: int, *, dropout: float = 0.0, rngs: nnx.Rngs
    ) -> None:
        self.heads = heads
        self.attention_norm = LayerNorm(width)
        self.query_key_value = Dense(width, 3 * width, initializer=_LECUN, rngs=rngs)
        self.projection = Dense(width, width, initializer=_LECUN, rngs=rngs)
        self.dense_norm = LayerNorm(width)
        self.up = Dense(width, hidden, initializer=_LECUN, rngs=rngs)
        self.down = Dense(hidden, width, initializer=_LECUN, rngs=rngs)
        self.dropout = nnx.Dropout(dropout, rngs=rngs) if dropout else None

    def __call__(
        self,
        x: Float[Array, "b t d"],
        *,
        causal: bool = False,
        mask: Bool[Array, "b _ _ s"] | None = None,
    ) -> Float[Array, "b t d"]:
        """Let the positions look at each other, then think at each alone."""
        query, key, value = self._heads(x)
        seen = kernels.attention(query, key, value, causal=causal, mask=mask)
        return self._dense_part(x + self._dropped(self.projection(seen.reshape(x.shape))))

    def extend(self, x: Float[Array, "b t d"], cache: KVCache) -> tuple[Array, KVCache]:
        """The same for new positions only: those before them are in the cache."""
        query, key, value = self._heads(x)
        seen, cache = kernels.cached_attention(query, key, value, cache)
        return self._dense_part(x + self.projection(seen.reshape(x.shape))), cache

    def _heads(self, x: Array) -> tuple[Array, Array, Array]:
        """Queries, keys and values, each (b t e d)."""
        joined = self.query_key_value(self.attention_norm(x))
        split = joined.reshape(*x.shape[:2], 3, self.heads, -1)
        return split[:, :, 0], split[:, :, 1], split[:, :, 2]

    def _dense_part(self, x: Array) -> Array:
        inside = jax.nn.gelu(self.up(self.dense_norm(x)))
        return x + self._dropped(self.down(inside))

    def _dropped(self, x: Array) -> Array:
        return x if self.dropout is None else self.dropout(x)


class Transformer(nnx.Module):
    """Token and position embeddings, blocks, and scores at each position.

    Args:
        config: its sizes; ``causal`` makes it a decoder.
        rngs: random streams for the parameters and for dropout.

    Example:
        >>> model = Transformer(TransformerConfig.characters(), rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((2, 16), int)).shape
        (2, 16, 65)
    """

    def __init__(self, config: TransformerConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        width = config.width
        self.tokens = Embedding(config.num_tokens, width, rngs=rngs)
        self.positions = Embedding(config.max_length, width, rngs=rngs)
        hidden, dropout = config.expansion * width, config.dropout
        self.blocks = nnx.List(
            [
                Block(width, config.heads, hidden, dropout=dropout, rngs=rngs)
                for _ in range(config.layers)
            ]
        )
        self.norm = LayerNorm(width)
        self.head = Dense(width, config.num_outputs, initializer=_LECUN, rngs=rngs)

    def __call__(
        self, tokens: Int[Array, "b t"], *, mask: Bool[Array, "b t"] | None = None
    ) -> Float[Array, "b t k"]:
        """Scores (logits) at each position; ``mask`` is true where a token is no padding."""
        length = tokens.shape[1]
        if length > self.config.max_length:
            required = f"at most {self.config.max_length} positions long"
            raise ShapeError("tokens", required=required, got=length)
        x = self.tokens(tokens) + self.positions(jnp.arange(length))
        seen = None if mask is None else mask[:, None, None, :]
        for block in self.blocks:
            x = self._through(block, x, seen)
        return self.head(self.norm(x))

    def _through(self, block: Block, x: Array, mask: Array | None) -> Array:
        def call(block: Block, x: Array) -> Array:
            return block(x, causal=self.config.causal, mask=mask)

        return nnx.remat(call)(block, x) if self.config.rematerialise else call(block, x)

    def empty_caches(self, batch: int) -> tuple[KVCache, ...]:
        """One empty cache for each block."""
        config = self.config
        shape = (batch, config.max_length, config.heads, config.width // config.heads)
        return tuple(KVCache.empty(*shape) for _ in range(config.layers))

    def extend(
        self, tokens: Int[Array, "b t"], caches: tuple[KVCache, ...]
    ) -> tuple[Float[Array, "b t k"], tuple[KVCache, ...]]:
        """Scores at new positions, for a causal model: what came before is in the caches.

        Raises:
            ArgumentError: the model is not causal.
        """
        if not self.config.causal:
            raise ArgumentError("causal", required="true for decoding from a cache", got=False)
        places = caches[0].length + jnp.arange(tokens.shape[1])
        x = self.tokens(tokens) + self.positions(places)
        extended = []
        for block, cache in zip(self.blocks, caches, strict=True):
            x, cache = block.extend(x, cache)
            extended.append(cache)
        return self.head(self.norm(x)), tuple(extended)


_LECUN = jax.nn.initializers.lecun_normal()
