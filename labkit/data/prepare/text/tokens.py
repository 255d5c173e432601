"""Two tokenisers small enough to read: characters, and byte pairs learned on the spot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol, TypeAlias, runtime_checkable

from labkit.data.prepare.text.vocabulary import Vocabulary
from labkit.errors import ArgumentError

__all__ = ["BytePairTokenizer", "CharacterTokenizer", "Tokenizer"]

_Word: TypeAlias = tuple[int, ...]
#: A word with the spaces before it, so that joining the words gives the text back.
_WORDS = re.compile(r"\s*\S+|\s+")


@runtime_checkable
class Tokenizer(Protocol):
    """Text to numbers below ``vocabulary_size`` and back."""

    @property
    def vocabulary_size(self) -> int:
        """How many different numbers there are."""

    def encode(self, text: str) -> list[int]:
        """The numbers of a text."""

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of numbers."""


@dataclass(frozen=True)
class CharacterTokenizer:
    """One number for each character that the training text has.

    Example:
        >>> tokenizer = CharacterTokenizer.train(["hello"])
        >>> tokenizer.encode("hole"), tokenizer.decode([4, 3])
        ([3, 5, 4, 2], 'lh')
    """

    vocabulary: Vocabulary

    @classmethod
    def train(cls, texts: Iterable[str]) -> CharacterTokenizer:
        """Collect the characters of some texts, in order of their code points."""
        characters = sorted(set().union(*texts))
        return cls(Vocabulary((*Vocabulary.build([]).tokens, *characters)))

    @property
    def vocabulary_size(self) -> int:
        """The characters, and two numbers for padding and unknown ones."""
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """The number of each character."""
        return self.vocabulary.encode(text)

    def decode(self, numbers: Sequence[int]) -> str:
        """The characters, joined."""
        return "".join(self.vocabulary.decode(numbers))


@dataclass(frozen=True)
class BytePairTokenizer:
    """Bytes, and pairs of tokens that were frequent enough to become a token of their own.

    Numbers 0 to 255 are the bytes, so nothing is ever unknown; number 256 + i is the pair
    ``merges[i]``.

    Source: Sennrich, Haddow and Birch 2016, https://arxiv.org/abs/1508.07909, algorithm 1,
        on bytes instead of characters as in Radford et al. 2019 (GPT-2), section 2.2.

    Example:
        >>> tokenizer = BytePairTokenizer.train(["low lower lowest"], vocabulary_size=258)
        >>> [tokenizer.decode([number]) for number in tokenizer.encode("slow")]
        ['s', 'low']
    """

    merges: tuple[tuple[int, int], ...]

    @classmethod
    def train(cls, texts: Iterable[str], *, vocabulary_size: int) -> BytePairTokenizer:
        """Merge the most frequent pair within words, again and again.

        Training stops early when no pair occurs twice. Of pairs equally frequent, the one
        with the lower numbers is merged first.

        Raises:
            ArgumentError: a vocabulary too small for the 256 bytes.
        """
        if vocabulary_size < 256:
            raise ArgumentError("vocabulary_size", required="at least 256", got=vocabulary_size)
        words = Counter(tuple(word.encode()) for text in texts for word in _WORDS.findall(text))
        pairs = Counter[tuple[int, int]]()
        for word, count in words.items():
            _count_pairs(pairs, word, count)
        merges: list[tuple[int, int]] = []
        while len(merges) < vocabulary_size - 256 and pairs:
            best = min(pairs, key=lambda pair: (-pairs[pair], pair))
            if pairs[best] < 2:
                break
            words = _merge_everywhere(words, pairs, best, 256 + len(merges))
            merges.append(best)
        return cls(tuple(merges))

    @property
    def vocabulary_size(self) -> int:
        """256 bytes and the merges."""
        return 256 + len(self.merges)

    @cached_property
    def _ranks(self) -> dict[tuple[int, int], int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _bytes(self) -> list[bytes]:
        """The bytes that each number stands for."""
        table = [bytes([value]) for value in range(256)]
        for left, right in self.merges:
            table.append(table[left] + table[right])
        return table

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        return {}

    def encode(self, text: str) -> list[int]:
        """Merge pairs in the order they were learned, word by word."""
        numbers: list[int] = []
        for word in _WORDS.findall(text):
            if word not in self._known:
                self._known[word] = self._encode_word(tuple(word.encode()))
            numbers += self._known[word]
        return numbers

    def decode(self, numbers: Sequence[int]) -> str:
        """The text; bytes that are no text become the replacement character."""
        return b"".join(self._bytes[number] for number in numbers).decode(errors="replace")

    def _encode_word(self, word: _Word) -> list[int]:
        while True:
            known = [pair for pair in pairwise(word) if pair in self._ranks]
            if not known:
                return list(word)
            first = min(known, key=self._ranks.__getitem__)
            word = _merged(word, first, 256 + self._ranks[first])


def _count_pairs(pairs: Counter[tuple[int, int]], word: _Word, count: int) -> None:
    for pair in pairwise(word):
        pairs[pair] += count
        if not pairs[pair]:
            del pairs[pair]


def _merge_everywhere(
    words: Counter[_Word], pairs: Counter[tuple[int, int]], pair: tuple[int, int], number: int
) -> Counter[_Word]:
    """All words with the pair replaced, and the counts of pairs brought up to date."""
    after = Counter[_Word]()
    for word, count in words.items():
        if pair in pairwise(word):
            _count_pairs(pairs, word, -count)
            word = _merged(word, pair, number)
            _count_pairs(pairs, word, count)
        after[word] += count
    return after


def _merged(word: _Word, pair: tuple[int, int], number: int) -> _Word:
    merged: list[int] = []
    for token in word:
        # `merged` holds the new number after a merge, so an overlapping pair is left alone.
        if merged and (merged[-1], token) == pair:
            merged[-1] = number
        else:
            merged.append(token)
    return tuple(merged)
