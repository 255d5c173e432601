"""Taggers of words: by their form and their place, or by a pretrained encoder and their form."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from labkit.errors import ArgumentError
from labkit.models.bert import Bert
from labkit.models.crf import CRF, TagScores
from labkit.models.layers import Conv, Dense, Embedding
from labkit.models.recurrent import LSTM, Bidirectional
from labkit.types import Float, Int

__all__ = ["EncoderTagger", "Tagger", "TaggerConfig"]


@dataclass(frozen=True)
class TaggerConfig:
    """What a tagger looks like.

    Attributes:
        num_tags: tags to choose from.
        num_words: size of the vocabulary of words; an encoder brings its own.
        num_characters: size of the alphabet.
        num_shapes: ways a word can be written (capitals, digits).
        word_width: length of a word's own vector.
        character_width: length of a character's vector.
        filters: maps of the character CNN.
        shape_width: length of a shape's vector.
        width: of each way of the LSTM.
        dropout: share of the features hidden in training, before and after the LSTM.
        crf: whether tags are chosen together; else one by one, by a softmax.
    """

    num_tags: int
    num_words: int
    num_characters: int
    num_shapes: int
    word_width: int = 64
    character_width: int = 24
    filters: int = 48
    shape_width: int = 12
    width: int = 96
    dropout: float = 0.5
    crf: bool = True

    def __post_init__(self) -> None:
        sizes = (self.num_tags, self.num_words, self.num_characters, self.num_shapes, self.width)
        if min(sizes) < 1:
            raise ArgumentError("TaggerConfig", required="made of sizes of at least 1", got=self)
        if not 0 <= self.dropout < 1:
            raise ArgumentError("dropout", required="in [0, 1)", got=self.dropout)

    @property
    def form_width(self) -> int:
        """Length of the vector that says how a word is written."""
        return self.filters + self.shape_width


class _WordForm(nnx.Module):
    """How a word is written: the strongest answer of each filter slid over its letters, its shape.

    Source: Ma and Hovy 2016 (arXiv:1603.01354), section 2.1, for the characters.
    """

    def __init__(self, config: TaggerConfig, rngs: nnx.Rngs) -> None:
        self.characters = _embedding(config.num_characters, config.character_width, rngs)
        self.conv = Conv(
            config.character_width, config.filters, window=(1, 3), padding="SAME", rngs=rngs
        )
        self.shapes = _embedding(config.num_shapes, config.shape_width, rngs)

    def __call__(self, forms: Int[Array, "b t f"]) -> Float[Array, "b t d"]:
        shapes, characters = forms[..., 0], forms[..., 1:]
        b, t, c = characters.shape
        inside = (characters != 0)[..., None]
        letters = self.characters(characters) * inside
        maps = self.conv(letters.reshape(b * t, 1, c, -1)).reshape(b, t, c, -1)
        strongest = jnp.where(inside, jax.nn.relu(maps), 0).max(2)
        return jnp.concatenate([strongest, self.shapes(shapes)], -1)


class Tagger(nnx.Module):
    """Words and their letters, an LSTM both ways, and a chain of tags: nothing pretrained.

    Called with whole numbers ``[b, t, 2 + c]``: at each place the word (0: padding), its shape,
    and its c characters (0 after the last).

    Args:
        config: its sizes.
        rngs: the random stream of parameters and dropout.

    Source: Ma and Hovy 2016 (arXiv:1603.01354), with the shape of the word as in Huang et al.
        2015 (arXiv:1508.01991), section 4.2.

    Example:
        >>> model = Tagger(TaggerConfig(3, 50, 30, 11), rngs=nnx.Rngs(0))
        >>> scores = model(jnp.ones((2, 7, 2 + 16), int))
        >>> scores.emissions.shape, scores.lengths.tolist()
        ((2, 7, 3), [7, 7])
    """

    def __init__(self, config: TaggerConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        self.words = _embedding(config.num_words, config.word_width, rngs)
        self.form = _WordForm(config, rngs)
        self.dropout = nnx.Dropout(config.dropout, rngs=rngs)
        features = config.word_width + config.form_width
        self.context = Bidirectional(LSTM, features, config.width, rngs=rngs)
        self.head = Dense(2 * config.width, config.num_tags, rngs=rngs)
        self.chain = CRF(config.num_tags) if config.crf else None

    def __call__(self, inputs: Int[Array, "b t f"]) -> TagScores:
        """How each tag fits each word, and how tags follow each other."""
        lengths = (inputs[..., 0] != 0).sum(1)
        x = jnp.concatenate([self.words(inputs[..., 0]), self.form(inputs[..., 1:])], -1)
        x = self.dropout(self.context(self.dropout(x), lengths))
        return _chained(self.chain, self.head(x), lengths)


class EncoderTagger(nnx.Module):
    """A pretrained encoder; for each word the vector of its first piece, and the word's form.

    An uncased encoder does not see capitals; the form (letters and shape) brings them back.
    Called with whole numbers ``[b, t, 3 + c]``: at place t the t-th piece (0: padding); and of the
    t-th word where its first piece stands (0: no such word), its shape, its c characters.

    Args:
        encoder: pretrained, from `load_bert`, or new.
        config: the sizes of the rest; ``num_words``, ``word_width`` and ``width`` are not used.
        rngs: the random stream of the new parameters and of dropout.

    Source: Devlin et al. 2019 (arXiv:1810.04805), section 5.3, for the first piece.

    Example:
        >>> from labkit.models.bert import BertConfig
        >>> encoder = Bert(BertConfig(11, 8, 8, 2, 1, 16), rngs=nnx.Rngs(0))
        >>> model = EncoderTagger(encoder, TaggerConfig(3, 1, 30, 11), rngs=nnx.Rngs(1))
        >>> rows = jnp.zeros((1, 5, 3 + 4), int).at[0, :, 0].set(jnp.array([1, 4, 5, 6, 2]))
        >>> scores = model(rows.at[0, :2, 1].set(jnp.array([1, 3])))  # two words, at 1 and at 3
        >>> scores.emissions.shape, scores.lengths.tolist()
        ((1, 5, 3), [2])
    """

    def __init__(self, encoder: Bert, config: TaggerConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        self.encoder = encoder
        self.form = _WordForm(config, rngs)
        self.dropout = nnx.Dropout(config.dropout, rngs=rngs)
        small = jax.nn.initializers.normal(0.02)
        features = encoder.config.width + config.form_width
        self.head = Dense(features, config.num_tags, initializer=small, rngs=rngs)
        self.chain = CRF(config.num_tags) if config.crf else None

    def __call__(self, inputs: Int[Array, "b t f"]) -> TagScores:
        """How each tag fits each word, and how tags follow each other."""
        pieces, places = inputs[..., 0], inputs[..., 1]
        vectors = self.encoder(pieces, (pieces != 0).at[:, 0].set(True))
        first = jnp.take_along_axis(vectors, places[..., None], 1)
        x = self.dropout(jnp.concatenate([first, self.form(inputs[..., 2:])], -1))
        return _chained(self.chain, self.head(x), (places != 0).sum(1))


def _chained(chain: CRF | None, emissions: Array, lengths: Array) -> TagScores:
    if chain is not None:
        return chain.scores(emissions, lengths)
    tags = emissions.shape[-1]
    return TagScores(emissions, lengths, jnp.zeros(tags), jnp.zeros((tags, tags)))


def _embedding(num_tokens: int, width: int, rngs: nnx.Rngs) -> Embedding:
    """Vectors ten times as long as an encoder's: nothing normalises them before the LSTM."""
    layer = Embedding(num_tokens, width, rngs=rngs)
    layer.table[...] = layer.table[...] * 10
    return layer
