"""Exercises of notebook 01: predict a bound, find a slow formulation, write a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

PEAK_FLOPS = 400e9
BANDWIDTH = 20e9


def _matmul_seconds(n: int, m: int, k: int) -> float:
    arithmetic_s = 2 * n * m * k / PEAK_FLOPS
    traffic_s = 4 * (n * m + m * k + n * k) / BANDWIDTH
    return max(arithmetic_s, traffic_s)


BOUND = Exercise(
    name="roofline.bound",
    prompt=(
        "A machine computes 400 GFLOP/s and moves 20 GB/s. Write a function of n, m and k that "
        "returns the least time, in seconds, of a float32 product of an (n, m) matrix with an "
        "(m, k) matrix, each matrix moved once."
    ),
    judge=judges.function(
        _matmul_seconds,
        [(1024, 1024, 1024), (1, 4096, 4096), (64, 64, 64), (4096, 8, 4096), (1, 1, 1)],
        traps=[
            (lambda n, m, k: 2 * n * m * k / PEAK_FLOPS, "A thin matrix waits for memory."),
            (
                lambda n, m, k: 4 * (n * m + m * k + n * k) / BANDWIDTH,
                "A large square product computes longer than it moves.",
            ),
            (
                lambda n, m, k: (
                    2 * n * m * k / PEAK_FLOPS + 4 * (n * m + m * k + n * k) / BANDWIDTH
                ),
                "At best both go on at the same time: the longer one counts, not their sum.",
            ),
            (
                lambda n, m, k: min(
                    2 * n * m * k / PEAK_FLOPS, 4 * (n * m + m * k + n * k) / BANDWIDTH
                ),
                "The slower of the two decides.",
            ),
            (
                lambda n, m, k: max(
                    n * m * k / PEAK_FLOPS, 4 * (n * m + m * k + n * k) / BANDWIDTH
                ),
                "A multiplication and an addition are two operations.",
            ),
            (
                lambda n, m, k: max(
                    2 * n * m * k / PEAK_FLOPS, (n * m + m * k + n * k) / BANDWIDTH
                ),
                "A float32 number has four bytes.",
            ),
        ],
    ),
    hints=(
        "Count the operations and the bytes, each as a function of n, m and k.",
        "2 n m k operations; 4 bytes for each of n m + m k + n k numbers; the longer time counts.",
    ),
    solution=(
        "def bound(n, m, k):\n"
        "    arithmetic_s = 2 * n * m * k / 400e9\n"
        "    traffic_s = 4 * (n * m + m * k + n * k) / 20e9\n"
        "    return max(arithmetic_s, traffic_s)"
    ),
    praise="This one line predicts every product of matrices in this course to a factor of two.",
)

SLOW_ONE = Exercise(
    name="roofline.slow_one",
    prompt=(
        "Three functions have the same result for an (n, n) matrix `a` and a vector `x`: "
        '"A" is `a @ (a @ (a @ x))`, "B" is `((a @ a) @ a) @ x`, "C" is `a @ (a @ a @ x)`. '
        "Python evaluates `@` from left to right. Put them in order, fastest first, as text "
        'such as `"ABC"`, for n = 1000.'
    ),
    judge=judges.choice(
        "acb",
        among=("abc", "acb", "bac", "bca", "cab", "cba"),
        traps={
            "abc": "Count the products of two matrices in B and in C.",
            "bac": "A product of two matrices costs n times as much as one with a vector.",
            "bca": "A product of two matrices costs n times as much as one with a vector.",
            "cab": "`a @ a @ x` is `(a @ a) @ x`: how many products of two matrices has C?",
            "cba": "`a @ a @ x` is `(a @ a) @ x`: how many products of two matrices has C?",
        },
    ),
    hints=(
        "Write brackets into C first.",
        "Count, for each, how many products of two matrices (2 n³) and with a vector (2 n²).",
    ),
    solution='"ACB"  # none, one and two products of two matrices',
    praise="The compiler keeps the order you wrote: formulas that are equal are not equally fast.",
)


def _relu_cubed(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.0) ** 3


def _judge_vjp(answer: Any) -> str:
    """Against central differences, for several inputs and several incoming gradients."""
    if not callable(answer):
        return "The answer is a function (its name, without parentheses)."
    rng = np.random.default_rng(0)
    for shape in ((5,), (3, 4)):
        x, upstream = rng.normal(size=shape), rng.normal(size=shape)
        given = np.asarray(answer(x, upstream))
        if given.shape != shape:
            return f"For x of shape {shape} the gradient has shape {given.shape}."
        step = 1e-6
        slope = (_relu_cubed(x + step) - _relu_cubed(x - step)) / (2 * step)
        complaint = _compare(given, slope, upstream)
        if complaint:
            return complaint
    at_zero = np.asarray(answer(np.zeros(2), np.ones(2)))
    return "" if np.allclose(at_zero, 0.0) else "At 0 the slope of relu(x)³ is 0."


def _compare(given: np.ndarray, slope: np.ndarray, upstream: np.ndarray) -> str:
    def same(other: np.ndarray) -> bool:
        return bool(np.allclose(given, other, rtol=1e-4, atol=1e-6))

    if same(slope * upstream):
        return ""
    if same(slope):
        return "That is the slope; the chain rule multiplies it by the gradient that comes in."
    if same(upstream):
        return "The gradient passes through unchanged only where the slope is 1."
    if same(slope * upstream / 3):
        return "The derivative of u³ is 3 u²."
    return "It differs from the finite differences, " + (
        "where x is positive." if not np.allclose(given[slope > 0], 0.0) else "it is always 0."
    )


WRITE_VJP = Exercise(
    name="roofline.write_vjp",
    prompt=(
        "Write the backward function of `y = relu(x) ** 3`: it takes `x` and `dy`, the gradient "
        "of the loss by y (same shape), and returns the gradient of the loss by x."
    ),
    judge=_judge_vjp,
    hints=(
        "The slope of y at each x is one number; the chain rule multiplies it with dy.",
        "The slope is 3 relu(x)²: it is 0 for negative x by itself.",
    ),
    solution="def backward(x, dy):\n    return 3 * np.maximum(x, 0) ** 2 * dy",
    praise=(
        "A backward function of your own is how labkit makes max-pooling several times faster."
    ),
)

EXERCISES = (BOUND, SLOW_ONE, WRITE_VJP)
