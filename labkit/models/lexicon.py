"""Sentiment by lists of words and two rules, and nothing learned: a baseline that can be read."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from labkit.data.prepare.text import normalise
from labkit.errors import ArgumentError
from labkit.types import Int

__all__ = ["DirectionLexicon"]

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LISTS = ("hopes", "burdens", "rises", "falls", "good", "bad", "negations")


@dataclass(frozen=True)
class DirectionLexicon:
    """Good and bad words, and things that move: what a move means depends on what moves.

    A move takes the nearest thing within ``reach`` words, where two are as near the one before it:
    "profit rose" and "loss narrowed" are good, "profit fell" and "costs rose" bad. A move without a
    thing is taken for one of something hoped for. A burden that nothing moves is bad, a hope alone
    says nothing. A negation turns what follows within ``denied`` words.

    Attributes:
        hopes, burdens: things that are the better, or the worse, the more there is of them.
        rises, falls: moves.
        good, bad: words that say it alone.
        negations: words that turn what follows.
        reach: how many words away a move looks for its thing.
        denied: how many words after it a negation turns.

    Example:
        >>> words = DirectionLexicon.financial()
        >>> words.findings("Operating loss narrowed to EUR 2 mn")
        [('narrowed', 1)]
        >>> words.predict(["Profit rose", "The board met", "Costs did not fall"]).tolist()
        [2, 1, 0]
    """

    hopes: frozenset[str]
    burdens: frozenset[str]
    rises: frozenset[str]
    falls: frozenset[str]
    good: frozenset[str]
    bad: frozenset[str]
    negations: frozenset[str]
    reach: int = 6
    denied: int = 3

    def __post_init__(self) -> None:
        """Refuse a word that stands in two lists."""
        lists = [getattr(self, name) for name in _LISTS]
        twice = {word for i, one in enumerate(lists) for other in lists[:i] for word in one & other}
        if twice:
            raise ArgumentError("words", required="each in one list only", got=sorted(twice))

    @classmethod
    def financial(cls) -> DirectionLexicon:
        """The lists that come with labkit, ``financial_words.toml``."""
        return _financial()

    @property
    def words(self) -> frozenset[str]:
        """All words of all lists."""
        return frozenset().union(*(getattr(self, name) for name in _LISTS))

    def findings(self, text: str) -> list[tuple[str, int]]:
        """The words that speak, in order, and for what: 1 for good, -1 for bad."""
        words = _WORD.findall(normalise(text))
        things = [i for i, word in enumerate(words) if word in self.hopes or word in self.burdens]
        said: dict[int, int] = {i: -1 for i in things if words[i] in self.burdens}
        for place, word in enumerate(words):
            if word in self.good or word in self.bad:
                said[place] = 1 if word in self.good else -1
            elif word in self.rises or word in self.falls:
                move = 1 if word in self.rises else -1
                thing = min(things, key=lambda i: (abs(i - place), i > place), default=-1)
                if thing >= 0 and abs(thing - place) <= self.reach and words[thing] in self.burdens:
                    move = -move
                    said.pop(thing, None)
                said[place] = move
        return [(words[i], -said[i] if self._denied(words, i) else said[i]) for i in sorted(said)]

    def counts(self, texts: Sequence[str]) -> Int[np.ndarray, "n 2"]:
        """Of each text, how many words speak for good, and how many for bad."""
        said = ([value for _, value in self.findings(text)] for text in texts)
        return np.array([(values.count(1), values.count(-1)) for values in said], int).reshape(
            -1, 2
        )

    def predict(self, texts: Sequence[str]) -> Int[np.ndarray, " n"]:
        """0 (negative), 1 (neutral) or 2 (positive): where more words speak for one side."""
        good, bad = self.counts(texts).T
        return np.sign(good - bad) + 1

    def _denied(self, words: Sequence[str], place: int) -> bool:
        return any(word in self.negations for word in words[max(place - self.denied, 0) : place])


@functools.cache
def _financial() -> DirectionLexicon:
    facts = resources.files(__package__).joinpath("financial_words.toml").read_text("utf-8")
    stored = tomllib.loads(facts)
    lists: dict[str, Any] = {name: frozenset(stored[name].split()) for name in _LISTS}
    return DirectionLexicon(**lists)
