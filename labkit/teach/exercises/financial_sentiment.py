"""Exercises of notebook 23: a fair score, a sum that alerts, and how often it cries wolf."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

_CONFUSIONS = (
    ((8, 2, 0), (5, 80, 5), (1, 4, 15)),
    ((30, 10, 0), (10, 30, 20), (0, 5, 45)),
    ((1, 9, 0), (0, 60, 0), (0, 12, 18)),
)


def _macro_f1(counts: Sequence[Sequence[int]]) -> float:
    cells = np.asarray(counts, float)
    return float(np.mean(2 * np.diag(cells) / (cells.sum(0) + cells.sum(1))))


def _weighted_f1(counts: Sequence[Sequence[int]]) -> float:
    cells = np.asarray(counts, float)
    each = 2 * np.diag(cells) / (cells.sum(0) + cells.sum(1))
    return float(np.average(each, weights=cells.sum(1)))


MACRO_F1 = Exercise(
    name="financial_sentiment.macro_f1",
    prompt=(
        "`counts` holds how often each true sentiment (row) was taken for each sentiment (column). "
        "The F1 of a class is the harmonic mean of its precision and its recall. Write a function "
        "of `counts` that returns the macro F1: the mean over the classes, each counting alike."
    ),
    judge=judges.function(
        _macro_f1,
        [(counts,) for counts in _CONFUSIONS],
        traps=[
            (
                lambda counts: np.trace(np.asarray(counts)) / np.sum(counts),
                "That is the accuracy: the common class decides it nearly alone.",
            ),
            (
                _weighted_f1,
                "That weighs each class by its examples: then the common class decides again.",
            ),
            (
                lambda counts: np.mean(np.diag(counts) / np.sum(counts, axis=1)),
                "That is the mean recall; precision is missing.",
            ),
            (
                lambda counts: np.mean(np.diag(counts) / np.sum(counts, axis=0)),
                "That is the mean precision; recall is missing.",
            ),
        ],
    ),
    hints=(
        "The diagonal holds what was right; a column sums to what was predicted, a row to what is.",
        "F1 = 2 * right / (predicted + true), class by class; then the plain mean.",
    ),
    solution=(
        "def macro_f1(counts):\n"
        "    counts = np.asarray(counts, float)\n"
        "    each = 2 * np.diag(counts) / (counts.sum(0) + counts.sum(1))\n"
        "    return each.mean()"
    ),
    praise="Bad news is the rarest class here, and the one that the desk is paid to see.",
)


def _first_alert(negatives: Sequence[int], gain: int, loss: int, threshold: int) -> int:
    level = 0
    for number, negative in enumerate(negatives):
        level = max(0, level + (gain if negative else -loss))
        if level >= threshold:
            return number
    return -1


def _without_floor(negatives: Sequence[int], gain: int, loss: int, threshold: int) -> int:
    level = 0
    for number, negative in enumerate(negatives):
        level += gain if negative else -loss
        if level >= threshold:
            return number
    return -1


def _above_only(negatives: Sequence[int], gain: int, loss: int, threshold: int) -> int:
    return _first_alert(negatives, gain, loss, threshold + 1)


def _counting_from_one(negatives: Sequence[int], gain: int, loss: int, threshold: int) -> int:
    found = _first_alert(negatives, gain, loss, threshold)
    return found if found < 0 else found + 1


def _fresh_start(negatives: Sequence[int], gain: int, _loss: int, threshold: int) -> int:
    level = 0
    for number, negative in enumerate(negatives):
        level = level + gain if negative else 0
        if level >= threshold:
            return number
    return -1


_DAYS = (
    ([0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0], 7, 3, 18),
    ([1, 0, 1, 0, 1, 0, 1, 0, 1, 0], 2, 1, 4),
    ([0, 1, 0, 0, 1, 0, 0, 0], 5, 2, 12),
    ([1, 1, 0, 0], 3, 1, 6),
)

FIRST_ALERT = Exercise(
    name="financial_sentiment.first_alert",
    prompt=(
        "A sum starts at 0. A negative headline adds `gain`, any other takes `loss` away, and the "
        "sum never falls below 0. Where it reaches `threshold` there is an alert. Write a function "
        "of `negatives` (1 for a negative headline, 0 for another, in order), `gain`, `loss` and "
        "`threshold` that returns the number of the headline, counted from 0, at which the first "
        "alert comes, or -1 where none does."
    ),
    judge=judges.function(
        _first_alert,
        _DAYS,
        traps=[
            (_without_floor, "A quiet night may not be saved up: the sum stops at 0."),
            (_above_only, "Reaching the threshold is enough."),
            (_counting_from_one, "The first headline has the number 0."),
            (_fresh_start, "One good headline takes `loss` away; it does not wipe out the sum."),
        ],
    ),
    hints=(
        "After each headline: level = max(0, level + gain or - loss).",
        "Return the place as soon as level >= threshold; after the loop, return -1.",
    ),
    solution=(
        "def first_alert(negatives, gain, loss, threshold):\n"
        "    level = 0\n"
        "    for number, negative in enumerate(negatives):\n"
        "        level = max(0, level + (gain if negative else -loss))\n"
        "        if level >= threshold:\n"
        "            return number\n"
        "    return -1"
    ),
    praise="The floor at 0 is what makes it quick: a long good time does not delay the alert.",
)

FALSE_ALARMS = Exercise(
    name="financial_sentiment.false_alarms",
    prompt=(
        "Six topics are watched, each by a rule of its own that promises one false alarm in 4,000 "
        "headlines *of its topic*. On a day 10,000 headlines come, each of one of the six topics. "
        "How many false alarms does a quiet day bring, on average?"
    ),
    judge=judges.number(
        2.5,
        rel=0.005,
        traps={
            15.0: "Each headline goes to one rule only, not to all six.",
            0.4: "That is the number of days from one false alarm to the next.",
            0.417: "That is the number of one topic, if all are alike: add up the six.",
        },
    ),
    hints=(
        "A rule counts the headlines of its own topic. How many do all rules count together?",
        "10,000 headlines, one false alarm in 4,000 of them.",
    ),
    solution="10_000 / 4_000",
    praise="Whoever answers the alerts has a budget for false ones: it sets the promise.",
)

ALWAYS_NEUTRAL = Exercise(
    name="financial_sentiment.always_neutral",
    prompt=(
        "Of a test set's texts, 60 % are neutral, 25 % positive and 15 % negative. A program says "
        "`neutral` to everything. What is its macro F1? (The F1 of a class that is never found "
        "counts as 0.)"
    ),
    judge=judges.number(
        0.25,
        rel=0.005,
        traps={
            0.6: "That is its accuracy.",
            0.75: "That is the F1 of the neutral class: the two others count as well.",
            0.2: "That is the mean of the three precisions; F1 takes recall in.",
            0.333: "That is the mean of the three recalls; F1 takes precision in.",
            0.45: "That weighs the classes by their size.",
        },
    ),
    hints=(
        "The neutral class: its precision is 0.6, its recall 1. What is the harmonic mean?",
        "2 * 0.6 * 1 / (0.6 + 1), then the mean with two zeros.",
    ),
    solution="(2 * 0.6 * 1 / (0.6 + 1) + 0 + 0) / 3",
    praise="Right in three of five, and of no use: read both scores.",
)

EXERCISES = (MACRO_F1, FIRST_ALERT, FALSE_ALARMS, ALWAYS_NEUTRAL)
