"""Predictions held against measurements, and results rounded for publication."""

from __future__ import annotations

import numpy as np
import pytest

from labkit import teach
from labkit.errors import ArgumentError


@pytest.mark.parametrize(
    ("guess", "measured", "right", "words"),
    [
        (10, 10.5, True, "Within 10 %"),
        (6, 10, True, "Within a factor of two"),
        (100, 10, False, "10 times too high"),
        (1, 10, False, "10 times too low"),
        (-1, 10, False, "sign"),
        (None, 10, None, "not guessed yet"),
        ("memory", "memory", True, "Right."),
        ("compute", "memory", False, "explains"),
    ],
)
def test_reveal_says_how_far_the_guess_was(guess, measured, right, words):
    shown = teach.reveal(guess, measured, unit="s" if not isinstance(measured, str) else "")
    assert shown.right is right
    assert words in str(shown)


def test_reveal_takes_arrays_of_one_number_and_refuses_a_word_for_it():
    assert teach.reveal(2.0, np.float32(2.0)).right
    with pytest.raises(ArgumentError, match="guess must be a number"):
        teach.reveal("two", 2.0)


def test_published_numbers_have_three_digits_and_keep_their_kind():
    published = teach.publish(accuracy=np.float64(0.98765), steps=123456, device="cpu", ok=True)
    assert published.results == {"accuracy": 0.988, "steps": 123000, "device": "cpu", "ok": True}
    assert published._repr_mimebundle_()[teach.RESULT_MIME] == {"results": published.results}
    with pytest.raises(ArgumentError, match="history must be a number"):
        teach.publish(history=[1, 2])
