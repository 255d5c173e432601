"""Planted answers for labkit/teach/exercises/quantum_learning.py."""

from __future__ import annotations

import itertools
import math

import numpy as np


def _cut(weights, bits):
    side = [int(bit) for bit in bits[::-1]]
    pairs = itertools.combinations(range(len(side)), 2)
    return float(sum(weights[i][j] for i, j in pairs if side[i] != side[j]))


WRONG = {
    "quantum_learning.parameter_shift": [
        "",
        0.5,
        lambda f, x: (f(x + 1e-4) - f(x - 1e-4)) / 2e-4,  # exact only in the limit
        lambda f, x: f(x + math.pi / 2) - f(x - math.pi / 2),
        lambda f, x: (f(x - math.pi / 2) - f(x + math.pi / 2)) / 2,
        lambda f, x: f(x + math.pi / 2),  # forgets the offset
        lambda f, x: (f(x + 0.1) - f(x)) / 0.1,
        lambda f, x: sum(f(x + math.pi / 2) - f(x - math.pi / 2) for _ in range(3)) / 6,
    ],
    "quantum_learning.cut_value": [
        "",
        3.0,
        lambda w, bits: 2 * _cut(w, bits),
        lambda w, bits: _cut(w, bits[::-1]),
        lambda w, bits: -_cut(w, bits),
        lambda w, bits: float(np.triu(w, 1).sum()) - _cut(w, bits),
        lambda w, bits: float(bits.count("1")),
    ],
    "quantum_learning.kernel_value": [
        "",
        1.0,
        lambda x, y: math.cos((x - y) / 2),
        lambda x, y: math.cos(x - y) ** 2,
        lambda x, y: math.sin((x - y) / 2) ** 2,
        lambda x, y: math.exp(-((x - y) ** 2)),
        lambda x, y: math.cos((x + y) / 2) ** 2,
    ],
    "quantum_learning.plateau": ["", 2**20, 2**80, 40, 1600, [2**40], True],
}

RIGHT = {
    "quantum_learning.parameter_shift": [
        lambda f, x: (f(x + math.pi / 2) - f(x - math.pi / 2)) / 2,
        lambda f, x: (f(x + 1.0) - f(x - 1.0)) / (2 * math.sin(1.0)),
    ],
    "quantum_learning.cut_value": [
        _cut,
        lambda w, bits: float(
            sum(
                np.asarray(w)[i, j]
                for i, a in enumerate(reversed(bits))
                for j, b in enumerate(reversed(bits))
                if i < j and a != b
            )
        ),
    ],
    "quantum_learning.kernel_value": [
        lambda x, y: math.cos((x - y) / 2) ** 2,
        lambda x, y: (1 + math.cos(x - y)) / 2,
    ],
    "quantum_learning.plateau": [2**40, 1.0995e12],
}
