"""The product: raw text in, named entities out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from flax import nnx

from labkit import evaluate, models
from labkit.cases.entities.encoding import Encoding
from labkit.data.prepare.text import allowed_moves, find_words
from labkit.errors import ArgumentError
from labkit.types import Sentences

__all__ = ["EntityFinder", "Mention"]


class Mention(NamedTuple):
    """An entity in a text: ``text[start:end]``, and what it names."""

    text: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class EntityFinder:
    """A trained tagger with all that it needs to answer.

    Attributes:
        model: the tagger.
        encoding: of words, learned from the training sentences.
        tag_names: the tag of each number.
        train_s: seconds of training, measured.
    """

    model: nnx.Module
    encoding: Encoding
    tag_names: tuple[str, ...]
    train_s: float

    def tag(self, sentences: Sentences) -> list[tuple[str, ...]]:
        """One tag for each word of each sentence; one without words gets none.

        A sentence longer than the last boundary of the encoding is cut into windows; an entity
        that lies across a cut is found as two.
        """
        return self._tags(sentences, together=True)

    def one_by_one(self, sentences: Sentences) -> list[tuple[str, ...]]:
        """Each word's own likeliest tag, whatever stands beside it: to compare, not to use."""
        return self._tags(sentences, together=False)

    def _tags(self, sentences: Sentences, *, together: bool) -> list[tuple[str, ...]]:
        tags: list[list[str]] = [[] for _ in sentences]
        encoded = self.encoding(sentences)
        if not encoded.windows:
            return [()] * len(sentences)
        best = models.best_tags(
            self.model if together else _Alone(self.model),
            encoded.rows,
            encoded.lengths,
            boundaries=self.encoding.boundaries,
            allowed=allowed_moves(self.tag_names) if together else None,
            batch_size=min(64, 1 << max(len(encoded.rows) - 1, 0).bit_length()),
        )
        for (number, start, stop), numbers in zip(encoded.windows, best, strict=True):
            tags[number] += [self.tag_names[tag] for tag in numbers[: stop - start]]
        return [tuple(row) for row in tags]

    def find(self, text: object) -> tuple[Mention, ...]:
        """The entities of a raw text, in order; of an empty one, none.

        Raises:
            ArgumentError: no text.
        """
        if not isinstance(text, str):
            raise ArgumentError("text", required="a string", got=type(text).__name__)
        places = find_words(text)
        if not places:
            return ()
        (tags,) = self.tag([[text[start:end] for start, end in places]])
        found = []
        for first, stop, kind in evaluate.entities_of(tags):
            start, end = places[first][0], places[stop - 1][1]
            found.append(Mention(text[start:end], kind, start, end))
        return tuple(found)

    @property
    def size_bytes(self) -> int:
        """Of the model's parameters as stored, four bytes for each number."""
        return sum(leaf.nbytes for leaf in jax.tree.leaves(nnx.state(self.model, nnx.Param)))

    @property
    def parameters(self) -> int:
        """How many numbers were there to learn or to load."""
        return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(self.model, nnx.Param)))

    def served(self, words: int) -> tuple[Any, np.ndarray]:
        """What a request of so many words computes: a function of the model's input, and an input.

        For `labkit.perf.demand`, which counts its operations and bytes.
        """
        rows, lengths, _ = self.encoding([["word"] * words])
        width = models.padded_length(lengths[:1], self.encoding.boundaries)
        model = models.in_evaluation_mode(self.model)
        return (lambda batch: model(batch).decode()), rows[:1, :width]


class _Alone(nnx.Module):
    """A tagger whose tags do not know of each other."""

    def __init__(self, tagger: nnx.Module) -> None:
        self.tagger = tagger

    def __call__(self, inputs: jax.Array) -> models.TagScores:
        scores = self.tagger(inputs)
        return scores._replace(first=scores.first * 0, transitions=scores.transitions * 0)
