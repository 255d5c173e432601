"""Planted answers for labkit/teach/exercises/scaling.py."""

from __future__ import annotations

import math

from scipy.optimize import minimize_scalar


def formula(a, alpha, b, beta, c):
    balance = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    return balance * (c / 6) ** (beta / (alpha + beta))


def searched(a, alpha, b, beta, c):
    def loss(log_n):
        n = math.exp(log_n)
        return a / n**alpha + b / (c / 6 / n) ** beta

    return math.exp(minimize_scalar(loss, bounds=(0, math.log(c)), method="bounded").x)


WRONG = {
    "scaling.exponent": ["", 0.396, 2, -0.5, 0.0375, 0.25, True],
    "scaling.more_data": ["", 2, 4, 8, 1 / 16, 0.25],
    "scaling.best_size": [
        "",
        lambda a, alpha, b, beta, c: c / 6 / formula(a, alpha, b, beta, c),
        lambda a, alpha, b, beta, c: formula(a, alpha, b, beta, 6 * c),
        lambda a, alpha, b, beta, c: math.sqrt(c / 6),
        lambda a, alpha, b, beta, c: (c / 6) ** (beta / (alpha + beta)),
        lambda a, alpha, b, beta, c: 0.0,
        3.0,
    ],
    "scaling.adapter_size": ["", 8192, 32768, 512, 256, 192],
}

RIGHT = {
    "scaling.exponent": [0.5, math.log(4) / math.log(16)],
    "scaling.more_data": [16, 16.0],
    "scaling.best_size": [formula, searched],
    "scaling.adapter_size": [768, 768.0],
}
