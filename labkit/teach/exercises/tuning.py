"""Exercises of notebook 04: honest scores, and what a search costs."""

from __future__ import annotations

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

_SCORES = [
    (np.array([0.8, 0.9]), 0.5),
    (np.array([0.91, 0.95, 0.89, 0.93, 0.92]), 0.2),
    (np.linspace(0.6, 0.7, 10), 0.1),
]


def _corrected(scores: np.ndarray, test_share: float) -> float:
    return (1 / len(scores) + test_share / (1 - test_share)) * np.var(scores, ddof=1)


CORRECTED_VARIANCE = Exercise(
    name="tuning.corrected_variance",
    prompt=(
        "Write a function of an array of fold scores and of the share of the rows that each fold "
        "tests on, that returns the corrected variance of their mean (Nadeau and Bengio): "
        "$(1/J + n_\\text{test}/n_\\text{train})\\, s^2$."
    ),
    judge=judges.function(
        _corrected,
        _SCORES,
        traps=[
            (
                lambda s, _: np.var(s, ddof=1) / len(s),
                "That is the plain variance of a mean: it takes the folds for independent.",
            ),
            (
                lambda s, q: (1 / len(s) + q) * np.var(s, ddof=1),
                "The ratio is test rows over training rows, not over all rows.",
            ),
            (
                lambda s, q: (1 / len(s) + q / (1 - q)) * np.var(s),
                "The sample variance divides by J - 1.",
            ),
            (lambda s, q: np.sqrt(_corrected(s, q)), "That is its root: the standard error."),
        ],
    ),
    hints=(
        "If a share q of the rows tests, a share 1 - q trains. What is their ratio?",
        "np.var(scores, ddof=1) is s². Multiply it by 1 / len(scores) + q / (1 - q).",
    ),
    solution=(
        "def corrected(scores, test_share):\n"
        "    ratio = test_share / (1 - test_share)\n"
        "    return (1 / len(scores) + ratio) * np.var(scores, ddof=1)"
    ),
    praise="More rounds shrink the first term only: the second stays, however often you repeat.",
)

LOG_UNIFORM = Exercise(
    name="tuning.log_uniform",
    prompt=(
        "Write a function of a number `u` between 0 and 1 and of two ends, `low` and `high`, that "
        "turns evenly spread `u` into learning rates that are evenly spread *by factors*: "
        "u = 0 gives low, u = 1 gives high, u = 1/2 their geometric mean."
    ),
    judge=judges.function(
        lambda u, low, high: low * (high / low) ** u,
        [(0.5, 1e-4, 1.0), (0.25, 1e-4, 1.0), (0.0, 0.01, 0.1), (1.0, 0.01, 0.1)],
        traps=[
            (
                lambda u, low, high: low + u * (high - low),
                "Even by differences: nine tenths of the draws fall in the last factor of ten.",
            ),
            (
                lambda u, low, high: np.log10(low) + u * (np.log10(high) - np.log10(low)),
                "That is the logarithm of the rate: one step is missing.",
            ),
            (
                lambda u, low, high: np.exp(np.log10(low * (high / low) ** u)),
                "One base for both ways: exp undoes log, 10** undoes log10.",
            ),
        ],
    ),
    hints=(
        "Go evenly from log(low) to log(high). Then?",
        "low * (high / low) ** u does both at once.",
    ),
    solution="def log_uniform(u, low, high):\n    return low * (high / low) ** u",
    praise="Between 0.0001 and 0.001 as many trials as between 0.1 and 1.",
)

VALUES_TRIED = Exercise(
    name="tuning.values_tried",
    prompt=(
        "64 trials, three hyperparameters, of which only one matters (you do not know which). How "
        "many different values of the one that matters does a 4 × 4 × 4 grid try, and how many a "
        "random search? Answer with both, `(grid, random)`."
    ),
    judge=judges.array([4, 64]),
    hints=(
        "In the grid, how many trials share one value of the first hyperparameter?",
        "16 trials share each value in the grid; in a random search none do.",
    ),
    solution="(64 ** (1 / 3), 64)  # (4, 64)",
    praise="For the one that matters, 60 of the 64 trials of the grid were repeats.",
)

HALVING_COST = Exercise(
    name="tuning.halving_cost",
    prompt=(
        "27 configurations are trained for one epoch; the best third goes on to 3 epochs in all, "
        "the best third of those to 9, the best third of those to 27. How many epochs are "
        "trained altogether? (Each goes on from where it stood.)"
    ),
    judge=judges.number(
        81,
        rel=1e-9,
        unit="epochs",
        traps={
            729.0: "That is 27 configurations to the end: nothing was stopped.",
            108.0: "Those that go on need not start again: 3 epochs in all are 2 more.",
            40.0: "27 + 9 + 3 + 1 counts configurations, not epochs.",
            27.0: "That is the cost of the first round alone, or of the winner alone.",
        },
    ),
    hints=(
        "27 × 1 epoch, then how many configurations train how many more?",
        "27 × 1 + 9 × 2 + 3 × 6 + 1 × 18.",
    ),
    solution="27 * 1 + 9 * (3 - 1) + 3 * (9 - 3) + 1 * (27 - 9)",
    praise="A ninth of the 729 epochs that training all of them to the end would take.",
)

WHICH_SCORE = Exercise(
    name="tuning.which_score",
    prompt=(
        "You tried 200 configurations, chose the one with the best accuracy on the validation "
        "rows, and then looked at its accuracy on the test rows once. Which of the accuracies says "
        "what the model will do on new rows: `training`, `validation` or `test`?"
    ),
    judge=judges.choice(
        "test",
        among=("training", "validation", "test"),
        traps={
            "validation": "It is the largest of 200 numbers with noise: chosen because it was "
            "high.",
            "training": "The model was fitted to these rows.",
        },
    ),
    hints=(
        "Which rows had no say, neither in fitting nor in choosing?",
        "The largest of many noisy numbers is too large on average.",
    ),
    solution='"test"  # once',
    praise="And if you go back and tune again because of it, it has become a validation score.",
)

EXERCISES = (CORRECTED_VARIANCE, LOG_UNIFORM, VALUES_TRIED, HALVING_COST, WHICH_SCORE)
