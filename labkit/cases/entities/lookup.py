"""The baseline: names that were seen in training are names again, and no others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.data import Dataset
from labkit.evaluate import entities_of
from labkit.types import Sentences

__all__ = ["Lookup"]


@dataclass(frozen=True)
class Lookup:
    """Entities by heart: the longest run of words that was an entity in training is one again.

    Attributes:
        kinds: of each run of words, in lower case, what it named most often.
        longest: words of the longest run.
    """

    kinds: Mapping[tuple[str, ...], str]
    longest: int

    @classmethod
    def learn(cls, learned: Dataset) -> Lookup:
        """Remember the entities of tagged sentences."""
        named: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for words, tags in zip(learned.inputs, learned.targets, strict=True):
            for start, end, kind in entities_of(tags):
                named[_key(words[start:end])][kind] += 1
        kinds = {run: counts.most_common(1)[0][0] for run, counts in named.items()}
        return cls(kinds, max(map(len, kinds), default=0))

    def tag(self, sentences: Sentences) -> list[tuple[str, ...]]:
        """One tag for each word, from left to right, the longest run first.

        Example:
            >>> seen = Lookup({("new", "york"): "location"}, 2)
            >>> seen.tag([["In", "New", "York", "!"]])
            [('O', 'B-location', 'I-location', 'O')]
        """
        return [self._tags(words) for words in sentences]

    def _tags(self, words: Sequence[str]) -> tuple[str, ...]:
        tags, place = ["O"] * len(words), 0
        while place < len(words):
            for length in range(min(self.longest, len(words) - place), 0, -1):
                kind = self.kinds.get(_key(words[place : place + length]))
                if kind:
                    tags[place : place + length] = [f"B-{kind}", *[f"I-{kind}"] * (length - 1)]
                    break
            else:
                length = 1
            place += length
        return tuple(tags)


def _key(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)
