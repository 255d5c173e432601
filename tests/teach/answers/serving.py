"""Planted answers for labkit/teach/exercises/serving.py."""

from __future__ import annotations

import math

import numpy as np


def _solved(rate, fixed_s, row_s):
    left = 1 - rate * row_s
    return math.floor(rate * fixed_s / left) + 1 if left > 0 else 0


def _searched(rate, fixed_s, row_s):
    batch = np.arange(1, 10_000)
    enough = batch / (fixed_s + row_s * batch) > rate
    return int(batch[enough.argmax()]) if enough.any() else 0


def _kept(memory, weights, layers, width, tokens):
    one = sum(2 * width * 2 for _ in range(layers)) * tokens
    left, count = memory - 2 * weights, 0
    while left >= one:
        left, count = left - one, count + 1
    return count


WRONG = {
    "serving.tail": [
        "",
        0.63,
        lambda n, q: q**n,
        lambda n, q: 1 - q,
        lambda n, q: n * (1 - q),
        lambda n, q: (1 - q) ** n,
        lambda n: 1 - 0.99**n,
    ],
    "serving.stall": ["", "90", 1, 100, 10, 900, [90], 0],
    "serving.keeps_up": [
        "",
        3,
        lambda rate, fixed_s, row_s: 1,
        lambda rate, fixed_s, row_s: int(rate * fixed_s) + 1,
        lambda rate, fixed_s, row_s: int(rate * (fixed_s + row_s)) + 1,
        lambda rate, fixed_s, row_s: math.ceil(rate * fixed_s / (1 - rate * row_s)) + 1,
        lambda rate, fixed_s, row_s: rate * fixed_s / (1 - rate * row_s),
    ],
    "serving.kv_memory": [
        "",
        62,
        lambda m, w, layers, width, n: int(m // (4 * layers * width * n)),
        lambda m, w, layers, width, n: max(0, int((m - 2 * w) // (2 * layers * width * n))),
        lambda m, w, layers, width, n: max(0, int((m - 2 * w) // (4 * width * n))),
        lambda m, w, layers, width, n: max(0, int((m - w) // (4 * layers * width * n))),
        lambda m, w, layers, width, n: int((m - 2 * w) // (4 * layers * width * n)),
        lambda m, w, layers, width, n: max(0, math.ceil((m - 2 * w) / (4 * layers * width * n))),
    ],
}

RIGHT = {
    "serving.tail": [lambda n, q: 1 - q**n, lambda n, q: -np.expm1(n * np.log(q))],
    "serving.stall": [90, 90.0, 91],
    "serving.keeps_up": [_solved, _searched],
    "serving.kv_memory": [
        lambda m, w, layers, width, n: max(0, int((m - 2 * w) // (4 * layers * width * n))),
        _kept,
    ],
}
