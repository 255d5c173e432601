"""Predict, run, explain: the reader commits to a guess before the result shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labkit.errors import ArgumentError

__all__ = ["Reveal", "reveal"]


@dataclass(frozen=True)
class Reveal:
    """A guess beside what was measured."""

    guess: Any
    measured: Any
    unit: str = ""

    @property
    def ratio(self) -> float | None:
        """Guess over measurement; ``None`` without a guess or for words."""
        if isinstance(self.guess, str) or self.guess is None or isinstance(self.measured, str):
            return None
        return self.guess / self.measured if self.measured else None

    @property
    def right(self) -> bool | None:
        """Whether a word was right, or a number within a factor of two; ``None``: no guess."""
        if self.guess is None:
            return None
        if self.ratio is None:
            return self.guess == self.measured
        return 0.5 <= self.ratio <= 2.0

    def __str__(self) -> str:
        result = f"Measured: {_words(self.measured, self.unit)}."
        if self.guess is None:
            return f"{result} You have not guessed yet: set your guess above and run again."
        return f"You guessed {_words(self.guess, self.unit)}. {result} {_comment(self)}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": str(self)}


def reveal(guess: object, measured: object, *, unit: str = "") -> Reveal:
    """Show a measurement beside the guess that was made before it.

    Make it the last line of a cell; tag the cell ``nbval-ignore-output`` if ``measured`` is
    a measured time.

    Args:
        guess: a number, a word, or ``None`` while the reader has not answered.
        measured: the result, of the same kind.
        unit: unit of both.

    Raises:
        ArgumentError: one is a number and the other a word.

    Example:
        >>> print(reveal(10, 14.2, unit="GFLOP/s"))
        You guessed 10 GFLOP/s. Measured: 14.2 GFLOP/s. Within a factor of two: 0.704 of it.
        >>> print(reveal(None, "memory"))
        Measured: memory. You have not guessed yet: set your guess above and run again.
    """
    found: Any = measured.item() if hasattr(measured, "item") else measured
    if guess is not None and isinstance(guess, str) != isinstance(found, str):
        kind = "a word" if isinstance(found, str) else "a number"
        raise ArgumentError("guess", required=kind, got=guess)
    return Reveal(guess, found, unit)


def _words(value: Any, unit: str) -> str:
    text = value if isinstance(value, str) else f"{value:.3g}"
    return f"{text} {unit}".rstrip()


def _comment(reveal: Reveal) -> str:
    ratio = reveal.ratio
    if ratio is None:
        return "Right." if reveal.right else "Not what you thought: the next cell explains."
    if 0.9 <= ratio <= 1.1:
        return "Within 10 %."
    if reveal.right:
        return f"Within a factor of two: {ratio:.3g} of it."
    if ratio <= 0:
        return "The sign or the zero is worth a second thought."
    times, word = (ratio, "too high") if ratio > 1 else (1 / ratio, "too low")
    return f"{times:.3g} times {word}: the next cell explains."
