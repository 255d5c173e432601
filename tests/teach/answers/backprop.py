"""Planted answers for labkit/teach/exercises/backprop.py."""

from __future__ import annotations

import jax
import numpy as np


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


def surprise(z, target):
    return jax.nn.logsumexp(z) - z[target]


def price(mean, log_variance):
    return np.sum(np.exp(log_variance) + mean**2 - 1 - log_variance) / 2


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
    "backprop.code_price": [
        "",
        1.0,
        lambda m, v: 2 * price(m, v),
        lambda m, v: -price(m, v),
        lambda m, v: price(m, v) / len(m),
        lambda m, v: price(m, 2 * v),
        lambda m, v: np.sum(m**2) / 2,
        lambda m, v: np.sum(v + m**2 - 1 - np.log(np.exp(v))) / 2,  # the variance forgotten
        lambda m, v: (np.exp(v) + m**2 - 1 - v) / 2,  # not summed
    ],
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
    "backprop.code_price": [
        price,
        lambda m, v: 0.5 * np.sum(m * m + np.expm1(v) - v),
        lambda m, v: float(jax.numpy.sum(jax.numpy.exp(v) + m**2 - 1 - v) / 2),
    ],
}
