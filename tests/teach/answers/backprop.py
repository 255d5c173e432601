"""Planted answers for labkit/teach/exercises/backprop.py."""

from __future__ import annotations

import jax
import numpy as np


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


def surprise(z, target):
    return jax.nn.logsumexp(z) - z[target]


WRONG = {
    "backprop.sigmoid_slope": [
        "",
        0.25,
        lambda s: 1 - s**2,  # tanh
        lambda s: s,
        lambda s: 1 - s,
        lambda s: 1 / (1 + np.exp(-s)),
        lambda s: np.exp(-s) / (1 + np.exp(-s)) ** 2,  # of the input
    ],
    "backprop.surprise_gradient": [
        "",
        lambda z, target: softmax(z),
        lambda z, target: np.eye(len(z))[target] - softmax(z),
        lambda z, target: z - np.eye(len(z))[target],
        lambda z, target: float(softmax(z)[target]) - 1,
        lambda z, target: -np.eye(len(z))[target] / softmax(z)[target],
        lambda z: softmax(z),
    ],
    "backprop.kernel_gradient": [
        "",
        lambda x, dy: dy.T @ x,
        lambda x, dy: x.T @ dy / len(x),
        lambda x, dy: x @ dy.T,
        lambda x, dy: x,
        lambda x, dy: np.outer(x[0], dy[0]),  # the first example only
    ],
    "backprop.largest_rate": ["", 0.25, 1.0, 4, 2, -0.5, [0.5, 0.25]],
    "backprop.conv_parameters": ["", 18432, 640, 18464, 3 * 3 * 32 * 65, 32 * 64, [18496]],
}

RIGHT = {
    "backprop.sigmoid_slope": [lambda s: s * (1 - s), lambda s: s - s**2],
    "backprop.surprise_gradient": [
        lambda z, target: softmax(z) - np.eye(len(z))[target],
        lambda z, target: jax.grad(surprise)(z.astype(np.float32), target),
    ],
    "backprop.kernel_gradient": [
        lambda x, dy: x.T @ dy,
        lambda x, dy: np.einsum("bi,bj->ij", x, dy),
    ],
    "backprop.largest_rate": [0.5, 2 / 4, np.float32(0.5)],
    "backprop.conv_parameters": [18496, 64 * (3 * 3 * 32 + 1)],
}
