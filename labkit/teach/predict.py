"""Predict, run, explain: the reader commits to a guess before the result shows."""

from __future__ import annotations

import inspect
import linecache
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labkit.errors import ArgumentError
from labkit.teach import scores

__all__ = ["Reveal", "reveal"]


@dataclass(frozen=True)
class Reveal:
    """A guess beside what was measured.

    Attributes:
        guess: what was predicted; ``None`` while nothing was.
        measured: the result, which is the answer key.
        unit: of both.
        first: whether this guess is the one that counts.
        standing: one line on all predictions of this notebook, or "".
    """

    guess: Any
    measured: Any
    unit: str = ""
    first: bool = True
    standing: str = ""

    @property
    def ratio(self) -> float | None:
        """Guess over measurement; ``None`` without a guess that is one number."""
        if not _is_number(self.guess):
            return None
        return self.guess / self.measured if self.measured else None

    @property
    def right(self) -> bool | None:
        """Whether the guess was right, see :class:`labkit.teach.Score`; ``None``: no guess."""
        if self.guess is None:
            return None
        return scores.judge(self.guess, self.measured, question="").right

    def __str__(self) -> str:
        result = f"Measured: {_words(self.measured, self.unit)}."
        if self.guess is None:
            return f"{result} You have not guessed yet: set your guess above and run again."
        said = f"You guessed {_words(self.guess, self.unit)}. {result} {_comment(self)}"
        again = "" if self.first else "Your first guess is the one that counts."
        return " ".join(filter(None, [said, again, self.standing]))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": str(self)}


def reveal(guess: object, measured: object, *, unit: str = "") -> Reveal:
    """Show a measurement beside the guess that was made before it, and score the guess.

    Make it the last line of a cell; tag the cell ``nbval-ignore-output`` if ``measured`` is
    a measured time. The first guess of each ``reveal`` counts (``teach.score()`` sums up), later
    ones are shown alone. Scores stay in a file of the reader's own.

    Args:
        guess: a number, a word, an interval ``(low, high)`` that holds the result in nine cases
            of ten, a probability for each word as ``{word: probability}``, or ``None`` while the
            reader has not answered.
        measured: the result: a number or a word.
        unit: unit of both.

    Raises:
        ArgumentError: one is of numbers and the other of words; an interval's ends are swapped;
            probabilities do not sum to one.

    Example:
        >>> print(Reveal(10, 14.2, "GFLOP/s"))
        You guessed 10 GFLOP/s. Measured: 14.2 GFLOP/s. Within a factor of two: 0.704 of it.
        >>> print(reveal(None, "memory"))
        Measured: memory. You have not guessed yet: set your guess above and run again.
    """
    found: Any = measured.item() if hasattr(measured, "item") else measured
    if guess is None:
        return Reveal(None, found, unit)
    _check(guess, found)
    new = scores.judge(guess, found, question=_question())
    first = scores.keep_first(new)
    card = scores.score()
    standing = f"So far {card.right} of {len(card.scores)} right." if card.scores else ""
    return Reveal(guess, found, unit, first, standing)


def _question() -> str:
    """The line in which the notebook calls ``reveal``: it stays when the guess changes."""
    frame = inspect.currentframe()
    frame = frame.f_back if frame else None  # reveal itself
    while frame := frame.f_back if frame else None:  # type checkers under test lie in between
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if "reveal(" in line:
            return line
    return ""


def _check(guess: Any, found: Any) -> None:
    words = isinstance(guess, str | Mapping)
    if words != isinstance(found, str):
        kind = "a word" if isinstance(found, str) else "a number"
        raise ArgumentError("guess", required=kind, got=guess)
    if isinstance(guess, Mapping) and not math.isclose(sum(guess.values()), 1, abs_tol=1e-6):
        raise ArgumentError("guess", required="probabilities that sum to one", got=guess)
    if isinstance(guess, tuple) and not (len(guess) == 2 and guess[0] <= guess[1]):
        raise ArgumentError("guess", required="an interval (low, high)", got=guess)


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, str | tuple | Mapping)


def _words(value: Any, unit: str) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:.3g} to {value[1]:.3g} {unit}".rstrip()
    if isinstance(value, Mapping):
        return ", ".join(f"{word} with {share:.0%}" for word, share in value.items())
    text = value if isinstance(value, str) else f"{value:.3g}"
    return f"{text} {unit}".rstrip()


def _comment(reveal: Reveal) -> str:
    if isinstance(reveal.guess, tuple):
        return "It lies in your interval." if reveal.right else "It lies outside your interval."
    if not _is_number(reveal.guess):
        return "Right." if reveal.right else "Not what you thought: the next cell explains."
    ratio = reveal.ratio
    if ratio is None:
        return "Right." if reveal.right else "The zero is worth a second thought."
    if 0.9 <= ratio <= 1.1:
        return "Within 10 %."
    if reveal.right:
        return f"Within a factor of two: {ratio:.3g} of it."
    if ratio <= 0:
        return "The sign or the zero is worth a second thought."
    times, word = (ratio, "too high") if ratio > 1 else (1 / ratio, "too low")
    return f"{times:.3g} times {word}: the next cell explains."
