"""Ready-made judges: they say what is wrong with an answer, never what it should be.

A judge takes an answer and returns ``""`` if it is right, else one sentence. Traps are
answers that a known misconception gives; each has the sentence that clears it up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["array", "choice", "function", "number"]

Judge = Callable[[Any], str]


def number(
    expected: float, *, rel: float = 0.01, unit: str = "", traps: Mapping[float, str] | None = None
) -> Judge:
    """A number within a relative tolerance.

    Args:
        expected: the right answer.
        rel: how far from it an answer may be, as a share of it.
        unit: named when the answer is far off.
        traps: what a wrong idea would give, and the sentence that answers it.

    Example:
        >>> judge = number(8.0, unit="FLOP/B", traps={0.125: "That is its reciprocal."})
        >>> judge(8.01), judge(0.125), judge(80)
        ('', 'That is its reciprocal.', 'Too high by a factor of 10 (answer in FLOP/B).')
    """

    def judge(answer: Any) -> str:
        if isinstance(answer, bool | str) or np.ndim(answer) != 0:
            return "The answer is one number."
        value = float(answer)
        if abs(value - expected) <= rel * abs(expected):
            return ""
        for trap, sentence in (traps or {}).items():
            if abs(value - trap) <= max(rel, 0.01) * abs(trap):
                return sentence
        return _how_far(value, expected, unit)

    return judge


def choice(expected: str, *, among: Sequence[str], traps: Mapping[str, str] | None = None) -> Judge:
    """One word out of several.

    Example:
        >>> judge = choice("memory", among=("memory", "compute"))
        >>> judge("Memory"), judge("disk")
        ('', 'Answer with one of: memory, compute.')
    """

    def judge(answer: Any) -> str:
        word = answer.strip().lower() if isinstance(answer, str) else ""
        if word not in among:
            return f"Answer with one of: {', '.join(among)}."
        if word == expected:
            return ""
        return (traps or {}).get(word, "Look at the plot above again: which side is it on?")

    return judge


def array(expected: ArrayLike, *, rtol: float = 1e-5, atol: float = 1e-8) -> Judge:
    """An array of the right shape and values.

    Example:
        >>> judge = array([1.0, 2.0])
        >>> judge([1, 2]), judge([1, 2, 3])
        ('', 'The shape should be (2,), but it is (3,).')
    """
    wanted = np.asarray(expected)

    def judge(answer: Any) -> str:
        given = np.asarray(answer)
        if given.shape != wanted.shape:
            return f"The shape should be {wanted.shape}, but it is {given.shape}."
        close = np.isclose(given, wanted, rtol=rtol, atol=atol)
        return "" if close.all() else f"{(~close).sum()} of {close.size} entries are off."

    return judge


def function(
    reference: Callable[..., Any],
    cases: Sequence[tuple[Any, ...]],
    *,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    traps: Sequence[tuple[Callable[..., Any], str]] = (),
) -> Judge:
    """A function that agrees with a reference on every case.

    Args:
        reference: an independent right function.
        cases: argument tuples; ordinary ones first, edges last.
        rtol: relative tolerance of each entry.
        atol: absolute tolerance of each entry.
        traps: functions that embody a misconception, with the sentence that answers it.

    Example:
        >>> judge = function(lambda x: x * x, [(3,), (-2,)],
        ...                  traps=[(lambda x: 2 * x, "Squared, not doubled.")])
        >>> judge(lambda x: x**2), judge(lambda x: x + x)
        ('', 'Squared, not doubled.')
        >>> judge(abs)
        'For the arguments (3,) it returns 3.'
    """

    def agrees(answer: Any, other: Callable[..., Any], case: tuple[Any, ...]) -> bool:
        given, wanted = np.asarray(answer(*case)), np.asarray(other(*case))
        if given.dtype == object or given.shape != wanted.shape:
            return False
        return np.allclose(given, wanted, rtol=rtol, atol=atol, equal_nan=True)

    def judge(answer: Any) -> str:
        if not callable(answer):
            return "The answer is a function (its name, without parentheses)."
        failed = [case for case in cases if not agrees(answer, reference, case)]
        if not failed:
            return ""
        for trap, sentence in traps:
            if all(agrees(answer, trap, case) for case in cases):
                return sentence
        return f"For the arguments {failed[0]!r:.80} it returns {answer(*failed[0])!r:.80}."

    return judge


def _how_far(value: float, expected: float, unit: str) -> str:
    said = f" (answer in {unit})" if unit else ""
    ratio = value / expected if expected else np.inf
    if not np.isfinite(ratio) or ratio <= 0:
        return f"Look at the sign, and at what is zero{said}."
    times, word = (ratio, "high") if ratio > 1 else (1 / ratio, "low")
    if times >= 1.5:
        return f"Too {word} by a factor of {times:.2g}{said}."
    return f"Close, but a little too {word}{said}."
