"""Planted answers for labkit/teach/exercises/roofline.py."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np


def _bytes(n, m, k):
    return 4 * (n * m + m * k + n * k)


WRONG = {
    "roofline.bound": [
        "",
        0.005,  # a number, not a function
        lambda n, m, k: 2 * n * m * k / 400e9,
        lambda n, m, k: _bytes(n, m, k) / 20e9,
        lambda n, m, k: 2 * n * m * k / 400e9 + _bytes(n, m, k) / 20e9,
        lambda n, m, k: min(2 * n * m * k / 400e9, _bytes(n, m, k) / 20e9),
        lambda n, m, k: max(n * m * k / 400e9, _bytes(n, m, k) / 20e9),
        lambda n, m, k: max(2 * n * m * k / 400e9, _bytes(n, m, k) / 4 / 20e9),
        lambda n, m, k: max(2 * n * m * k / 400, _bytes(n, m, k) / 20),  # in giga
        lambda n: n,
    ],
    "roofline.slow_one": ["", "ABC", "BAC", "CAB", "A", 3, ["A", "C", "B"]],
    "roofline.write_vjp": [
        "",
        lambda x, dy: dy,
        lambda x, dy: 3 * np.maximum(x, 0) ** 2,  # no chain rule
        lambda x, dy: np.maximum(x, 0) ** 2 * dy,  # no 3
        lambda x, dy: 3 * x**2 * dy,  # ignores relu
        lambda x, dy: 0 * dy,
        lambda x, dy: (3 * np.maximum(x, 0) ** 2 * dy).sum(),
        lambda x: 3 * np.maximum(x, 0) ** 2,
    ],
}

RIGHT = {
    "roofline.bound": [
        lambda n, m, k: max(2 * n * m * k / 400e9, 4 * (n * m + m * k + n * k) / 20e9),
        lambda n, m, k: np.maximum(n * m * k / 200e9, (n * m + m * k + n * k) / 5e9),
    ],
    "roofline.slow_one": ["ACB", " acb "],
    "roofline.write_vjp": [
        lambda x, dy: 3 * np.maximum(x, 0) ** 2 * dy,
        lambda x, dy: jax.vjp(lambda x: jnp.maximum(x, 0) ** 3, jnp.asarray(x))[1](
            jnp.asarray(dy, jnp.float32)
        )[0],
        lambda x, dy: np.where(x > 0, 3 * x * x * dy, 0.0),
    ],
}
