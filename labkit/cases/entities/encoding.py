"""Words as the numbers that the taggers read; sentences that are too long in windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from labkit import models
from labkit.data.prepare.text import (
    WORD_SHAPES,
    Vocabulary,
    character_rows,
    plain_word,
    word_shape,
)
from labkit.types import Sentences

__all__ = ["Encoded", "Encoding", "PieceEncoding", "WordEncoding"]

NUM_SHAPES = len(WORD_SHAPES)
_CHARACTERS = 16  # of a word that the character CNN reads
_RARE_CHARACTER = 3  # seen less often in training, a character is unknown


class Encoded(NamedTuple):
    """Windows of sentences as numbers.

    Attributes:
        rows: ``[n, t, f]`` what a tagger reads, 0 after the end.
        lengths: ``[n]`` places used along t: what a batch must be padded to.
        windows: for each row the sentence it is of, its first word, and one past its last.
    """

    rows: NDArray[np.int32]
    lengths: NDArray[np.intp]
    windows: tuple[tuple[int, int, int], ...]


@runtime_checkable
class Encoding(Protocol):
    """What makes numbers of words; knows the training texts only."""

    @property
    def boundaries(self) -> tuple[int, ...]:
        """Lengths that batches are padded to."""

    def __call__(self, sentences: Sentences) -> Encoded:
        """Encode sentences, each in as many windows as it needs."""


@dataclass(frozen=True)
class WordEncoding:
    """Each word by its place in a vocabulary of the training words, its shape, its characters.

    Attributes:
        words: in their plain form, of the training sentences.
        characters: of the training sentences.
        boundaries: lengths that batches are padded to; the last is the longest window, in words.
    """

    words: Vocabulary
    characters: Vocabulary
    boundaries: tuple[int, ...] = (16, 32, 112)

    @classmethod
    def learn(
        cls, sentences: Sentences, boundaries: tuple[int, ...] = (16, 32, 112)
    ) -> WordEncoding:
        """The vocabularies of training sentences."""
        words = Vocabulary.build([plain_word(word) for word in words] for words in sentences)
        return cls(words, _alphabet(sentences), boundaries)

    def __call__(self, sentences: Sentences) -> Encoded:
        """Encode sentences: channels are the word, its shape, its characters."""
        room = self.boundaries[-1]
        windows = [
            (number, start, min(start + room, len(words)))
            for number, words in enumerate(sentences)
            for start in range(0, len(words), room)
        ]
        rows = np.zeros((len(windows), room, 2 + _CHARACTERS), np.int32)
        for row, (number, start, stop) in zip(rows, windows, strict=True):
            words = sentences[number][start:stop]
            row[: len(words), 0] = self.words.encode(plain_word(word) for word in words)
            row[: len(words), 1:] = _forms(words, self.characters)
        lengths = np.array([stop - start for _, start, stop in windows], np.intp)
        return Encoded(rows, lengths, tuple(windows))


@dataclass(frozen=True)
class PieceEncoding:
    """Each word by the pieces that a pretrained tokenizer cuts it into, its shape, its characters.

    Attributes:
        tokenizer: of the encoder.
        characters: of the training sentences.
        boundaries: lengths that batches are padded to; the last is the longest window, in pieces.
        most_pieces: of a word that are kept: the rest of a long address says little.
    """

    tokenizer: Any
    characters: Vocabulary
    boundaries: tuple[int, ...] = (16, 32, 48, 128)
    most_pieces: int = 4

    @classmethod
    def learn(cls, sentences: Sentences, folder: str | Path | None = None) -> PieceEncoding:
        """The tokenizer in a model's folder (MiniLM's if not given), and the training alphabet."""
        from tokenizers import Tokenizer

        folder = models.minilm_folder() if folder is None else Path(folder)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(tokenizer, _alphabet(sentences))

    def __call__(self, sentences: Sentences) -> Encoded:
        """Encode sentences: channels are the piece; the word's first piece, shape, characters."""
        begin, end = (self.tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
        pieces = [self._pieces(words) for words in sentences]
        windows = [
            (number, start, stop)
            for number, parts in enumerate(pieces)
            for start, stop in _windows([len(part) for part in parts], self.boundaries[-1] - 2)
        ]
        rows = np.zeros((len(windows), self.boundaries[-1], 3 + _CHARACTERS), np.int32)
        lengths = np.zeros(len(windows), np.intp)
        for place, (number, start, stop) in enumerate(windows):
            parts, words = pieces[number][start:stop], sentences[number][start:stop]
            flat = [begin, *(piece for part in parts for piece in part), end]
            rows[place, : len(flat), 0] = flat
            firsts = np.cumsum([1, *map(len, parts[:-1])])
            rows[place, : len(words), 1] = firsts
            rows[place, : len(words), 2:] = _forms(words, self.characters)
            lengths[place] = len(flat)
        return Encoded(rows, lengths, tuple(windows))

    def _pieces(self, words: Sequence[str]) -> list[list[int]]:
        unknown = self.tokenizer.token_to_id("[UNK]")
        plain = ["http" if plain_word(word) == "[address]" else word for word in words]
        found = self.tokenizer.encode_batch(plain, add_special_tokens=False)
        return [encoded.ids[: self.most_pieces] or [unknown] for encoded in found]


def _windows(costs: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Consecutive runs of words, each as long as fits.

    Example:
        >>> _windows([2, 2, 1, 3], room=4)
        [(0, 2), (2, 4)]
    """
    windows: list[tuple[int, int]] = []
    start = used = 0
    for place, cost in enumerate(costs):
        if used + cost > room:
            windows.append((start, place))
            start, used = place, 0
        used += cost
    return [*windows, (start, len(costs))] if costs else []


def _alphabet(sentences: Sentences) -> Vocabulary:
    return Vocabulary.build(
        (word for words in sentences for word in words), at_least=_RARE_CHARACTER
    )


def _forms(words: Sequence[str], characters: Vocabulary) -> NDArray[np.int32]:
    shapes = np.array([word_shape(word) for word in words], np.int32)
    return np.column_stack([shapes, character_rows(words, characters, _CHARACTERS)])
