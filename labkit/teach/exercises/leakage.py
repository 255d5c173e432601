"""Exercises of notebook 02: keep the test set out of the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]


def _by_train(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, std = np.mean(train, axis=0), np.std(train, axis=0)
    return (train - mean) / std, (test - mean) / std


def _judge_standardise(answer: Any) -> str:
    """Judged by what it does to small tables, one of them with a test set far away."""
    if not callable(answer):
        return "The answer is a function (its name, without parentheses)."
    generator = np.random.default_rng(0)
    train = generator.normal(5, 2, (40, 3)) * [1, 10, 100]
    for shift in (0, 1000):
        test = generator.normal(5, 2, (10, 3)) * [1, 10, 100] + shift
        given = answer(train.copy(), test.copy())
        if not isinstance(given, tuple | list) or len(given) != 2:
            return "Return two arrays: train and test, both standardised."
        complaint = _compare(given, train, test)
        if complaint:
            return complaint
    return ""


def _compare(given: Any, train: np.ndarray, test: np.ndarray) -> str:
    wanted = _by_train(train, test)
    own_train, own_test = (np.asarray(side, float) for side in given)
    if own_train.shape != train.shape or own_test.shape != test.shape:
        return "Train and test keep their shapes."
    if np.allclose(own_train, wanted[0], rtol=0.05, atol=0.05) and np.allclose(
        own_test, wanted[1], rtol=0.05, atol=0.05
    ):
        return ""
    if np.allclose(own_test.mean(axis=0), 0, atol=1e-6):
        return "Your test set has mean 0: you used its own mean, which a single new row has not."
    both = np.concatenate([train, test])
    if np.allclose(own_train, (train - both.mean(axis=0)) / both.std(axis=0)):
        return "Your training rows change when the test rows do: the statistics saw both."
    if np.allclose(own_train, (train - train.mean()) / train.std()):
        return "Each column has its own unit: take one mean and one deviation a column."
    return "On train each column should have mean 0 and deviation 1, and test be treated alike."


STANDARDISE = Exercise(
    name="leakage.standardise",
    prompt=(
        "Write a function of two arrays, `train` and `test` (rows × columns), that returns both "
        "standardised: on train every column has mean 0 and standard deviation 1; test is "
        "treated the way new rows will be when the model is in use."
    ),
    judge=_judge_standardise,
    hints=(
        "When the model is in use, rows arrive one at a time. Whose mean is known then?",
        "Take mean and deviation of train along axis 0, and use both on both arrays.",
    ),
    solution=(
        "def standardise(train, test):\n"
        "    mean, std = train.mean(axis=0), train.std(axis=0)\n"
        "    return (train - mean) / std, (test - mean) / std"
    ),
    praise="A test row that is far away stays far away: that is what the model will meet.",
)

WHICH_SPLIT = Exercise(
    name="leakage.which_split",
    prompt=(
        "A sensor on each of 100 engines is read every hour until the engine fails. A model shall "
        "say, for **engines it has never seen**, how long they will last. Which split gives an "
        "honest test: `stratified`, `grouped` or `time`?"
    ),
    judge=judges.choice(
        "grouped",
        among=("stratified", "grouped", "time"),
        traps={
            "stratified": "Readings of one engine an hour apart are nearly the same row: with this "
            "split they stand on both sides.",
            "time": "With this split every engine is known from its early hours; the question "
            "is about engines never seen.",
        },
    ),
    hints=(
        "What is new about the rows that the model will meet: the moment, or the thing?",
        "The thing is new, so no engine may have rows on both sides.",
    ),
    solution='"grouped"  # groups = engine number',
    praise="The split imitates use: what is new then must be new in the test.",
)

WINDOW_GAP = Exercise(
    name="leakage.window_gap",
    prompt=(
        "A series is cut into windows of 24 hours, one starting each hour; the label of a window "
        "is the value 6 hours after its end (so window and label span 30 hours). The first test "
        "window starts at hour 1000. At which hour may the last training window start, at the "
        "latest?"
    ),
    judge=judges.number(
        970,
        rel=1e-9,
        unit="hour",
        traps={
            999.0: "That window reaches 30 hours ahead, deep into the test hours.",
            976.0: "The window ends in time, but its label lies in the test hours.",
            994.0: "The label is counted, the window is not.",
            971.0: "Off by one: hours 971 to 1000 are 30 hours, and 1000 belongs to the test.",
        },
    ),
    hints=(
        "Which hours does a training window that starts at hour s touch, label included?",
        "Hours s to s + 29. All must be below 1000.",
    ),
    solution="1000 - 30  # hours 970 to 999",
    praise="The gap is as long as window and horizon together, less one.",
)


RESUME = Exercise(
    name="leakage.resume",
    prompt=(
        "1,000 rows are fed in batches of 64, the remainder of an epoch left out. A run is killed "
        "after its 37th batch. What is the position from which it must go on, as "
        "`(epoch, batch)`, both counted from 0?"
    ),
    judge=judges.array([2, 7]),
    hints=(
        "How many whole batches has an epoch?",
        "15 batches an epoch; 37 = 2 × 15 + 7, and counting begins at 0.",
    ),
    solution="divmod(37, 1000 // 64)  # (2, 7)",
    praise="Two whole numbers and the seed: that is the whole state of the feeding.",
)

EXERCISES: tuple[Exercise, ...] = (STANDARDISE, WHICH_SPLIT, WINDOW_GAP, RESUME)
