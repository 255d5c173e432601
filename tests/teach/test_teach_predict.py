"""Predictions held against measurements, and results rounded for publication."""

from __future__ import annotations

import numpy as np
import pytest

from labkit import teach
from labkit.errors import ArgumentError


@pytest.fixture(autouse=True)
def predictions(tmp_path, monkeypatch):
    """Scores in a file of this test's own."""
    path = tmp_path / "deep" / "predictions.json"
    monkeypatch.setenv("LABKIT_PREDICTIONS", str(path))
    monkeypatch.setenv("JPY_SESSION_NAME", "lessons/05_a_lesson.ipynb")
    return path


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


@pytest.mark.parametrize(
    ("guess", "measured", "right", "words"),
    [
        ((5, 20), 10.5, True, "5 to 20 s. Measured: 10.5 s. It lies in your interval."),
        ((11, 20), 10.5, False, "outside"),
        ({"memory": 0.8, "compute": 0.2}, "memory", True, "memory with 80%, compute with 20%"),
        ({"memory": 0.3, "compute": 0.7}, "memory", False, "explains"),
    ],
)
def test_a_guess_may_say_how_sure_it_is(guess, measured, right, words):
    shown = teach.reveal(guess, measured, unit="" if isinstance(measured, str) else "s")
    assert shown.right is right
    assert words in str(shown)


@pytest.mark.parametrize(
    ("guess", "measured", "words"),
    [
        ((3, 1), 2.0, "an interval"),
        ((1, 2, 3), 2.0, "an interval"),
        ({"a": 0.5, "b": 0.4}, "a", "sum to one"),
        ({"a": 1.0}, 2.0, "a number"),
        ((1, 2), "a", "a word"),
    ],
)
def test_a_guess_that_cannot_be_scored_is_refused_and_not_kept(guess, measured, words):
    with pytest.raises(ArgumentError, match=words):
        teach.reveal(guess, measured)
    assert teach.score().scores == ()


def ask(guess, measured=10.0):
    return teach.reveal(guess, measured)


def ask_again(guess, measured=10.0):
    return teach.reveal(guess, measured, unit="s")


def test_only_the_first_guess_of_a_question_counts(predictions):
    assert ask(None).first
    assert not predictions.exists()  # nothing was committed, nothing is kept
    assert ask(100.0).first
    again = ask(10.0)
    assert not again.first
    assert "Your first guess is the one that counts. So far 0 of 1 right." in str(again)
    ask_again(10.0)
    assert (teach.score().right, len(teach.score().scores)) == (1, 2)


def test_scores_survive_a_new_kernel_belong_to_a_notebook_and_can_be_forgotten(
    predictions, monkeypatch
):
    ask(12.0)
    monkeypatch.setenv("JPY_SESSION_NAME", "06_another.ipynb")
    assert teach.score().scores == ()
    ask(12.0)
    assert len(teach.score(everywhere=True).scores) == 2
    assert len(teach.score(notebook="05_a_lesson").scores) == 1
    teach.forget()
    assert [score.notebook for score in teach.score(everywhere=True).scores] == ["05_a_lesson"]
    teach.forget(everywhere=True)
    assert teach.score(everywhere=True).scores == ()
    assert list(predictions.parent.iterdir()) == [predictions]  # no half-written file is left


def test_a_file_that_was_spoilt_or_cannot_be_written_stops_no_lesson(predictions, monkeypatch):
    predictions.parent.mkdir()
    predictions.write_text("{half")
    assert ask(9.0).right
    monkeypatch.setenv("LABKIT_PREDICTIONS", "/dev/null/no/such/folder.json")
    assert ask(9.0).right


def card(*scores):
    return teach.ScoreCard(tuple(teach.Score("n", str(i), **s) for i, s in enumerate(scores)))


def test_the_card_sums_up_by_hand_worked_values():
    shown = card(
        {"kind": "number", "right": True, "factor": 2.0},
        {"kind": "number", "right": False, "factor": 8.0},
        {"kind": "interval", "right": True, "stated": 0.9},
        {"kind": "probabilities", "right": False, "stated": 0.7, "brier": 1.0},
        {"kind": "probabilities", "right": True, "stated": 0.8, "brier": 0.2},
    )
    assert shown.right == 3
    assert shown.typical_factor == pytest.approx(4.0)  # sqrt(2 × 8)
    assert shown.calibration == pytest.approx((0.8, 2 / 3))
    assert shown.brier == pytest.approx(0.6)
    assert "3 of 5 predictions right." in str(shown)
    assert "80% sure and right in 67%: well calibrated" in str(shown)


def test_the_brier_score_is_scikit_learns():
    from sklearn.metrics import brier_score_loss

    guesses = [{"a": 0.7, "b": 0.3}, {"a": 0.1, "b": 0.9}, {"a": 0.5, "b": 0.5}]
    truth = ["a", "a", "b"]
    ours = [
        teach.scores.judge(g, t, question="").brier for g, t in zip(guesses, truth, strict=True)
    ]
    theirs = brier_score_loss(truth, [g["a"] for g in guesses], pos_label="a")
    assert np.mean(ours) / 2 == pytest.approx(theirs)  # theirs counts one of the two classes


@pytest.mark.parametrize(("share", "verdict"), [(0.3, "overconfident"), (0.9, "well calibrated")])
def test_forty_predictions_tell_whether_a_reader_is_overconfident(share, verdict):
    sure = [{"kind": "interval", "right": i < 40 * share, "stated": 0.9} for i in range(40)]
    assert verdict in str(card(*sure))


def test_a_guess_on_the_other_side_of_zero_is_as_bad_as_a_factor_of_a_thousand():
    judged = [teach.scores.judge(g, 10.0, question="").factor for g in (-10, 0, 1e9, 10)]
    assert judged == [1e3, 1e3, 1e3, 1.0]
