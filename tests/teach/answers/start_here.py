"""Planted answers for labkit/teach/exercises/start_here.py."""

from __future__ import annotations

import numpy as np

WRONG = {
    "start_here.ridge_point": [
        "",
        0.2,  # the reciprocal
        80.0,  # a difference
        2000.0,  # a product
        5e9,  # forgot that both are in giga
        [5.0],
        True,
    ],
    "start_here.attainable": [
        "",
        100e9,  # a number, not a function
        lambda intensity: 100e9,
        lambda intensity: 20e9 * intensity,
        lambda intensity: max(100e9, 20e9 * intensity),
        lambda intensity: min(100, 20 * intensity),  # in giga
        lambda intensity: min(100e9, 20e9 / intensity) if intensity else 0.0,
        lambda: 0,
    ],
    "start_here.limit_of_add": ["", "compute", "both", 12, ["memory", "compute"]],
}

RIGHT = {
    "start_here.ridge_point": [5, 100e9 / 20e9, np.float32(5.0)],
    "start_here.attainable": [
        lambda intensity: min(100e9, 20e9 * intensity),
        lambda intensity: np.where(intensity < 5, 20e9 * intensity, 100e9),
    ],
    "start_here.limit_of_add": ["memory", " Memory "],
}
