"""Planted answers for labkit/teach/exercises/tuning.py."""

from __future__ import annotations

import math
import statistics

import numpy as np


def by_statistics(scores, test_share):
    values = [float(score) for score in scores]
    return statistics.variance(values) * (1 / len(values) + 1 / (1 / test_share - 1))


WRONG = {
    "tuning.corrected_variance": [
        "",
        lambda s, q: np.var(s, ddof=1) / len(s),
        lambda s, q: (1 / len(s) + q) * np.var(s, ddof=1),
        lambda s, q: (1 / len(s) + q / (1 - q)) * np.var(s),
        lambda s, q: math.sqrt(by_statistics(s, q)),
        lambda s, q: 0.0,
        lambda s, q: (1 / len(s) + (1 - q) / q) * np.var(s, ddof=1),
    ],
    "tuning.log_uniform": [
        "",
        lambda u, low, high: low + u * (high - low),
        lambda u, low, high: math.log10(low) + u * math.log10(high / low),
        lambda u, low, high: math.exp(math.log10(low) + u * math.log10(high / low)),
        lambda u, low, high: u,
        lambda u, low, high: high * (low / high) ** u,
    ],
    "tuning.values_tried": ["", (64, 4), (4, 4), 4, (16, 64), (64, 64), [4, 64, 64]],
    "tuning.halving_cost": ["", 729, 108, 40, 27, 80, True],
    "tuning.which_score": ["", "validation", "training", "all", 3],
}

RIGHT = {
    "tuning.corrected_variance": [
        by_statistics,
        lambda s, q: (1 / len(s) + q / (1 - q)) * s.var(ddof=1),
    ],
    "tuning.log_uniform": [
        lambda u, low, high: 10 ** (math.log10(low) + u * (math.log10(high) - math.log10(low))),
        lambda u, low, high: np.exp((1 - u) * np.log(low) + u * np.log(high)),
    ],
    "tuning.values_tried": [(4, 64), np.array([4, 64]), [4.0, 64.0]],
    "tuning.halving_cost": [81, 81.0],
    "tuning.which_score": ["test", "Test "],
}
