"""The desk: one reply to anything that a customer may type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from labkit.cases.readers import Labelled
from labkit.data.prepare.text import mask_personal_data
from labkit.errors import ArgumentError
from labkit.types import Float, Int

__all__ = ["FAQ", "LONGEST", "Desk", "Reply"]

#: Characters of a message that are read; what comes after them is cut off, and the reply says so.
LONGEST = 600


class FAQ:
    """Known questions, and those of them that are most like a new one.

    Args:
        embed: texts to vectors of length 1.
        known: the questions with their intents.
    """

    def __init__(
        self, embed: Callable[[Sequence[str]], Float[np.ndarray, "n d"]], known: Labelled
    ) -> None:
        self.known, self._embed = known, embed
        self._index = NearestNeighbors(metric="cosine").fit(embed(known.texts))

    def nearest(self, texts: Sequence[str], *, k: int = 1) -> Int[np.ndarray, "n k"]:
        """Row numbers of the ``k`` known questions most like each text, the most alike first."""
        return self._index.kneighbors(self._embed(texts), k, return_distance=False)

    def found(self, asked: Labelled, *, k: int) -> float:
        """The share of questions with one of the same intent among the nearest ``k``."""
        intents = self.known.labels[self.nearest(asked.texts, k=k)]
        return float((intents == asked.labels[:, None]).any(axis=1).mean())


@dataclass(frozen=True)
class Reply:
    """What the desk says.

    Attributes:
        words: shown to the customer.
        intent: what the desk takes the message for; empty where it asks back or hands over.
        confidence: of the likeliest intent, 0 to 1.
        to_person: whether a person takes over.
    """

    words: str
    intent: str = ""
    confidence: float = 0.0
    to_person: bool = False

    def __str__(self) -> str:
        return self.words


class Desk:
    """Answers messages: with the known question nearest in meaning, or through a person.

    Args:
        probabilities: texts (n) to probabilities of the intents (n k).
        names: of the intents.
        threshold: below this confidence a person takes over.
        faq: where the nearest known question is looked up, among those of the intent.

    Raises:
        ArgumentError: a threshold outside 0 to 1.
    """

    def __init__(
        self,
        probabilities: Callable[[Sequence[str]], Float[np.ndarray, "n k"]],
        names: Sequence[str],
        *,
        threshold: float,
        faq: FAQ,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise ArgumentError("threshold", required="from 0 to 1", got=threshold)
        self._probabilities, self._names = probabilities, tuple(names)
        self._threshold, self._faq = threshold, faq

    def __call__(self, message: object) -> Reply:
        """Reply to one message.

        An empty one is asked back; of a very long one the beginning is read; card numbers,
        telephone numbers and the like are masked before anything reads them.

        Raises:
            ArgumentError: not a text.
        """
        if not isinstance(message, str):
            raise ArgumentError("message", required="a text", got=type(message).__name__)
        asked = mask_personal_data(message[:LONGEST], names=()).strip()
        if not any(character.isalnum() for character in asked):
            return Reply("Please write your question in a few words.")
        chances = self._probabilities([asked])[0]
        best = int(chances.argmax())
        confidence = float(chances[best])
        note = " (I read only the beginning of your message.)" if len(message) > LONGEST else ""
        if confidence < self._threshold:
            words = "I am not sure that I can help with this. A colleague will take over."
            return Reply(words + note, confidence=confidence, to_person=True)
        words = (
            f"This is about {_spoken(self._names[best])}. Others asked: {self._like(asked, best)}"
        )
        return Reply(words + note, self._names[best], confidence)

    def _like(self, asked: str, intent: int) -> str:
        """The known question of this intent that is nearest, else the nearest of all."""
        rows = self._faq.nearest([asked], k=min(20, len(self._faq.known.texts)))[0]
        same = rows[self._faq.known.labels[rows] == intent]
        return f"“{self._faq.known.texts[same[0] if len(same) else rows[0]]}”"


def _spoken(name: str) -> str:
    """An intent's name as words.

    Example:
        >>> _spoken("Refund_not_showing_up")
        'refund not showing up'
    """
    return name.replace("_", " ").lower()
