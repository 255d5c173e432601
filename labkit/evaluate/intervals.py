"""How far a score may be from the truth: the bootstrap over examples, Student's t over repeats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from labkit.errors import ArgumentError, ShapeError

__all__ = ["Estimate", "bootstrap_interval", "mean_interval"]


class Estimate(NamedTuple):
    """A score and the bounds around it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def bootstrap_interval(
    score: Callable[..., float],
    *columns: ArrayLike,
    strata: ArrayLike | None = None,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """A score with the percentile interval of the bootstrap over examples.

    Examples are drawn with replacement, the same ones from every column, and scored anew. For
    the difference of two models give their scores example by example (``np.mean`` of the
    differences), or a ``score`` that takes both models' predictions: examples stay paired.

    Args:
        score: of the columns; called ``1 + resamples`` times.
        *columns: arrays whose first axis counts the n examples: targets, predictions.
            Where examples come in groups (sentences of a text, rows of a user), let one row
            stand for a group.
        strata: ``[n]`` draw within each of these classes, so that each keeps its count; for a
            score that needs both classes, such as the area under the ROC curve.
        resamples: how often.
        confidence: how often such an interval is to hold the truth.
        seed: of the draws.

    Raises:
        ShapeError: no columns, fewer than two examples, or columns of different lengths.
        ArgumentError: a confidence that is not between 0 and 1, or fewer than 100 resamples.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3.

    Example:
        >>> right = np.repeat([1.0, 0.0], [90, 10])
        >>> print(bootstrap_interval(np.mean, right))
        0.900 (0.840 to 0.960)
    """
    arrays = _checked(columns)
    _check_confidence(confidence)
    if resamples < 100:
        raise ArgumentError("resamples", required="at least 100", got=resamples)
    count = len(arrays[0])
    classes = np.zeros(count) if strata is None else np.asarray(strata)
    if classes.shape != (count,):
        raise ShapeError("strata", required=f"one class for each of {count}", got=classes.shape)
    parts = [np.flatnonzero(classes == value) for value in np.unique(classes)]
    generator = np.random.default_rng(seed)
    scores = np.empty(resamples)
    for i in range(resamples):
        rows = np.concatenate([part[generator.integers(0, len(part), len(part))] for part in parts])
        scores[i] = score(*(array[rows] for array in arrays))
    low, high = np.quantile(scores, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(float(score(*arrays)), float(low), float(high))


def mean_interval(
    scores: ArrayLike, *, test_share: float = 0.0, confidence: float = 0.95
) -> Estimate:
    """The mean of repeats (seeds, folds) with Student's t interval.

    Folds of one cross-validation share most of their training rows, so their scores move together,
    and the plain interval, ``t * s / sqrt(J)``, is too narrow. For them the variance of the mean is
    taken as

        (1 / J + n_test / n_train) * s**2

    with J scores of sample variance s**2, and Student's t with J - 1 degrees of freedom.

    Args:
        scores: ``[J]`` one for each repeat, or differences between two models repeat by repeat.
        test_share: share of the rows that a fold tests on, 1 / folds; 0 for repeats that are
            independent, such as seeds.
        confidence: how often such an interval is to hold the mean.

    Raises:
        ShapeError: fewer than two scores.
        ArgumentError: a confidence that is not between 0 and 1, or such a share.

    Source: Nadeau and Bengio 2003, "Inference for the Generalization Error" (Machine Learning 52),
        section 5.2, derived for random splits; for repeated k-fold it is used as in Bouckaert and
        Frank 2004, equation 4. It is a heuristic: no unbiased estimate exists (Bengio and
        Grandvalet 2004).

    Example:
        >>> print(mean_interval([0.90, 0.92, 0.91]))
        0.910 (0.885 to 0.935)
        >>> print(mean_interval([0.8, 0.9], test_share=0.5))
        0.850 (-0.250 to 1.950)
    """
    values = np.asarray(scores, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ShapeError("scores", required="a list of at least two numbers", got=values.shape)
    if not 0 <= test_share < 1:
        required = "0 (independent repeats), or between 0 and 1"
        raise ArgumentError("test_share", required=required, got=test_share)
    _check_confidence(confidence)
    count, mean = len(values), float(values.mean())
    variance = (1 / count + test_share / (1 - test_share)) * values.var(ddof=1)
    half = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * math.sqrt(variance)
    return Estimate(mean, mean - half, mean + half)


def _checked(columns: tuple[ArrayLike, ...]) -> list[np.ndarray]:
    arrays = [np.asarray(column) for column in columns]
    lengths = [array.shape[0] if array.ndim else 0 for array in arrays]
    if not arrays or len(set(lengths)) != 1 or lengths[0] < 2:
        required = "arrays of one length, at least two examples"
        raise ShapeError("columns", required=required, got=[array.shape for array in arrays])
    return arrays


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ArgumentError("confidence", required="between 0 and 1", got=confidence)
