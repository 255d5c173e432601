"""The product: any text in, a sentiment out, or a sentence that says why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from labkit.cases.sentiment.headlines import SENTIMENTS, clean
from labkit.data.prepare.text import normalise
from labkit.errors import ArgumentError
from labkit.types import Float

__all__ = ["LONGEST", "Analyst", "Reading", "known_words"]

#: Characters of a text that are read; what comes after them is cut off, and the note says so.
LONGEST = 2_000
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Reading:
    """What the analyst makes of a text.

    Attributes:
        sentiment: one of `SENTIMENTS`; empty where the text is not judged.
        confidence: of the sentiment, 0 to 1; 0 where there is none.
        note: why a text is not judged, or that only its beginning was read.
    """

    sentiment: str
    confidence: float
    note: str = ""

    @property
    def negative(self) -> bool:
        """Whether the news is bad."""
        return self.sentiment == SENTIMENTS[0]


class Analyst:
    """Judges texts of the kind and the language that it learned from, and no others.

    Args:
        probabilities: texts (n) to probabilities of the sentiments (n 3).
        known: words of the training texts, as `known_words` gives them.
        least_known: share of a text's words that must be known.

    Raises:
        ArgumentError: a share outside 0 to 1.
    """

    def __init__(
        self,
        probabilities: Callable[[Sequence[str]], Float[np.ndarray, "n k"]],
        known: Iterable[str],
        *,
        least_known: float = 0.4,
    ) -> None:
        if not 0 <= least_known <= 1:
            raise ArgumentError("least_known", required="from 0 to 1", got=least_known)
        self._probabilities, self._known = probabilities, frozenset(known)
        self._least_known = least_known

    def __call__(self, text: object) -> Reading:
        """Judge one text.

        Raises:
            ArgumentError: not a text.
        """
        if not isinstance(text, str):
            raise ArgumentError("text", required="a text", got=type(text).__name__)
        read = clean(text[:LONGEST])
        if refusal := self._refusal(read):
            return Reading("", 0.0, refusal)
        chances = self._probabilities([read])[0]
        best = int(chances.argmax())
        note = "only the beginning was read" if len(text) > LONGEST else ""
        return Reading(SENTIMENTS[best], float(chances[best]), note)

    def known_share(self, text: str) -> float:
        """Of the words of a text, the share that training knew; 0 of a text without words."""
        words = _words(text)
        return sum(word in self._known for word in words) / max(len(words), 1)

    def _refusal(self, text: str) -> str:
        if not _words(text):
            return "no words to judge"
        if self.known_share(text) < self._least_known:
            return "too few words that I know: is it another language?"
        return ""


def known_words(texts: Iterable[str]) -> frozenset[str]:
    """All words of texts, in small letters.

    Example:
        >>> sorted(known_words(["Oil rises", "Oil at 50"]))
        ['at', 'oil', 'rises']
    """
    return frozenset(word for text in texts for word in _words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(normalise(text))
