"""Exercises of notebook 05: read a power law, spend a budget, count an adapter."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

EXPONENT = Exercise(
    name="scaling.exponent",
    prompt=(
        "The floor of a task is 0.1 nat. With 100 examples the loss is 0.9, with 1,600 examples "
        "it is 0.3. What is the exponent $\\beta$ of $L = E + B / D^\\beta$?"
    ),
    judge=judges.number(
        0.5,
        traps={
            0.396: "Take the floor away first: only what lies above it melts.",
            2.0: "That is the inverse: how many doublings of data halve it once.",
            -0.5: "The exponent stands below the fraction line: it is positive.",
            0.0375: "A power law is a straight line in the logarithms, not in the numbers.",
        },
    ),
    hints=(
        "How much of each loss lies above the floor?",
        "0.8 became 0.2, a factor of 4, while the data grew 16 times.",
    ),
    solution="np.log(0.8 / 0.2) / np.log(1600 / 100)",
    praise="Sixteen times the data, a quarter of the excess.",
)

MORE_DATA = Exercise(
    name="scaling.more_data",
    prompt=(
        "The part of a loss above its floor is $B / D^{0.25}$. How many times more data does it "
        "take to halve that part?"
    ),
    judge=judges.number(
        16,
        rel=1e-6,
        traps={
            2.0: "Twice the data melts it by a factor of 2 ** 0.25 only.",
            4.0: "That would do for an exponent of 0.5.",
            8.0: "Set D ** 0.25 equal to 2 and solve for D.",
            0.0625: "That is its inverse: fewer data.",
        },
    ),
    hints=("Which factor k has k ** 0.25 = 2?", "Raise both sides to the power 4."),
    solution="2 ** (1 / 0.25)",
    praise="Small exponents are expensive: that is why large models are.",
)

_CASES = [
    (400.0, 0.34, 400.0, 0.28, 1e20),
    (2.0, 0.5, 50.0, 0.5, 1e9),
    (10.0, 0.3, 30.0, 0.6, 1e12),
]


def _best_size(a: float, alpha: float, b: float, beta: float, budget: float) -> float:
    balance = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    return balance * (budget / 6) ** (beta / (alpha + beta))


def _judge_best_size(answer: Any) -> str:
    """Judged by what it costs: the loss at the answer against the lowest, on a fine grid."""
    if not callable(answer):
        return "The answer is a function (its name, without parentheses)."
    for case in _CASES:
        a, alpha, b, beta, budget = case
        n = float(answer(*case))
        if not (np.isfinite(n) and n > 0):
            return f"For {case} it returns {n}: a number of parameters is above 0."
        wanted = _best_size(*case)
        if abs(n - budget / 6 / wanted) < 1e-3 * n:
            return "That is D, the number of examples; asked for is N."
        if abs(n - _best_size(a, alpha, b, beta, 6 * budget)) < 1e-3 * n:
            return "A budget of C operations buys N D = C / 6."
        if abs(np.log(n / wanted)) > 0.02:
            word = "large" if n > wanted else "small"
            return (
                f"For {case} it returns {n:.3g}, which is too {word}: try a little to either side."
            )
    return ""


BEST_SIZE = Exercise(
    name="scaling.best_size",
    prompt=(
        "Write a function of `A`, `alpha`, `B`, `beta` and a budget `C` (operations) that returns "
        "the number of parameters $N$ for which $A / N^\\alpha + B / D^\\beta$ is smallest, if "
        "$C = 6 N D$. A formula or a search will do."
    ),
    judge=_judge_best_size,
    hints=(
        "Put D = C / (6 N) into the law: one unknown is left.",
        "Where the slope is zero, alpha A / N**alpha = beta B / D**beta.",
    ),
    solution=(
        "def best_size(A, alpha, B, beta, C):\n"
        "    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))\n"
        "    return G * (C / 6) ** (beta / (alpha + beta))"
    ),
    praise="The two parts are not equal there: alpha times the one is beta times the other.",
)

ADAPTER_SIZE = Exercise(
    name="scaling.adapter_size",
    prompt=(
        "A dense layer has a 128 × 64 kernel. How many numbers does a low-rank adapter of rank 4 "
        "learn beside it?"
    ),
    judge=judges.number(
        4 * (128 + 64),
        rel=1e-9,
        traps={
            8192.0: "That is the kernel itself, which stays frozen.",
            32768.0: "The adapter is a product of two thin matrices, 128 × 4 and 4 × 64.",
            512.0: "That is the matrix downwards; the one upwards is missing.",
            256.0: "That is the matrix upwards; the one downwards is missing.",
        },
    ),
    hints=("Two matrices: one down to 4 features, one up again.", "128 × 4 and 4 × 64."),
    solution="128 * 4 + 4 * 64  # 768",
    praise="A tenth of the layer, and the layer itself can be shared by all tasks.",
)

EXERCISES = (EXPONENT, MORE_DATA, BEST_SIZE, ADAPTER_SIZE)
