"""Planted answers for labkit/teach/exercises/diagnosis.py."""

from __future__ import annotations

from labkit.evaluate import OperatingPoint


def in_one(hits, alarms, people, threshold):
    return (hits - alarms * threshold / (1 - threshold)) / people


def by_odds(hits, alarms, people, threshold):
    odds = 1 / (1 / threshold - 1)
    return hits / people - odds * (alarms / people)


WRONG = {
    "diagnosis.precision": ["", 0.8, 0.9, 0.889, 0.0402, 0.004, 38.6, [0.0386], True],
    "diagnosis.threshold": ["", 0.95, 1 / 19, 0.5, 5, 0.053, None.__class__, [0.05]],
    "diagnosis.split": ["", "by image", "by child", "at random", 2],
    "diagnosis.net_benefit": [
        "",
        0.1,
        lambda hits, alarms, people, p: (hits - alarms) / people,
        lambda hits, alarms, people, p: hits / people - alarms / people * (1 - p) / p,
        lambda hits, alarms, people, p: hits - alarms * p / (1 - p),
        lambda hits, alarms, people, p: hits / people,
        lambda hits, alarms: hits - alarms,
    ],
}

RIGHT = {
    "diagnosis.precision": [
        8 / 207,
        OperatingPoint(0.5, 0.8, 0.9).precision(1 / 200),
        0.0386,
    ],
    "diagnosis.threshold": [0.05, 1 / 20],
    "diagnosis.split": ["by hospital", " By Hospital "],
    "diagnosis.net_benefit": [in_one, by_odds],
}
