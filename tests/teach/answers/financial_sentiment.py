"""Planted answers for labkit/teach/exercises/financial_sentiment.py."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import f1_score


def _by_scikit_learn(counts):
    counts = np.asarray(counts)
    true, predicted = np.nonzero(np.ones_like(counts))
    each = counts.ravel()
    return f1_score(np.repeat(true, each), np.repeat(predicted, each), average="macro")


def _by_precision_and_recall(counts):
    scores = []
    for k in range(len(counts)):
        right = counts[k][k]
        precision = right / sum(row[k] for row in counts)
        recall = right / sum(counts[k])
        scores.append(2 * precision * recall / (precision + recall))
    return sum(scores) / len(scores)


def _weighted(counts):
    counts = np.asarray(counts, float)
    each = 2 * np.diag(counts) / (counts.sum(0) + counts.sum(1))
    return np.average(each, weights=counts.sum(1))


def _first(negatives, gain, loss, threshold, *, floor=0, start=0):
    level = 0
    for number, negative in enumerate(negatives, start):
        level = max(floor, level + (gain if negative else -loss))
        if level >= threshold:
            return number
    return -1


def _from_cumulative_sums(negatives, gain, loss, threshold):
    """The sum above its lowest value so far is the sum with the floor."""
    sums = np.cumsum(np.where(np.asarray(negatives) > 0, gain, -loss))
    lowest = np.minimum.accumulate(np.minimum(sums, 0))
    found = np.flatnonzero(sums - lowest >= threshold)
    return int(found[0]) if len(found) else -1


def _run_of_negatives(negatives, gain, loss, threshold):
    level = 0
    for number, negative in enumerate(negatives):
        level = level + gain if negative else 0
        if level >= threshold:
            return number
    return -1


WRONG = {
    "financial_sentiment.macro_f1": [
        "",
        0.8,
        lambda counts: np.trace(np.asarray(counts)) / np.sum(counts),
        _weighted,
        lambda counts: np.mean(np.diag(counts) / np.sum(counts, axis=1)),
        lambda counts: np.mean(np.diag(counts) / np.sum(counts, axis=0)),
        lambda counts: np.asarray(counts).max() / np.sum(counts),
    ],
    "financial_sentiment.first_alert": [
        "",
        4,
        lambda n, g, s, t: _first(n, g, s, t, floor=-(10**9)),
        lambda n, g, s, t: _first(n, g, s, t + 1),
        lambda n, g, s, t: _first(n, g, s, t, start=1),
        _run_of_negatives,
        lambda n, g, s, t: _first(n, s, g, t),
        lambda n, g, s, t: -1,
        lambda n, g, s: 0,
    ],
    "financial_sentiment.false_alarms": ["", "2.5", 15, 0.4, 0.417, 6, [2.5], 0],
    "financial_sentiment.always_neutral": ["", "0.25", 0.6, 0.75, 0.2, 0.333, 0.45, 25],
}

RIGHT = {
    "financial_sentiment.macro_f1": [_by_scikit_learn, _by_precision_and_recall],
    "financial_sentiment.first_alert": [_first, _from_cumulative_sums],
    "financial_sentiment.false_alarms": [2.5, 10_000 / 4_000, 6 * (10_000 / 6) / 4_000],
    "financial_sentiment.always_neutral": [0.25, 2 * 0.6 / 1.6 / 3, 1 / 4],
}
