"""Whether probabilities mean what they say, and the one number that mends most of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate.screening import checked_scores

__all__ = ["Reliability", "expected_calibration_error", "fit_temperature", "reliability"]

#: Where a temperature is looked for.
_COLDEST, _HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class Reliability:
    """What was said and what came true, bin by bin; empty bins are left out.

    Attributes:
        said: mean probability in each bin.
        came_true: share of class 1 among them.
        counts: how many.
    """

    said: NDArray[np.float64]
    came_true: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def error(self) -> float:
        """The expected calibration error: mean distance of the two, weighted by the counts."""
        return float(np.average(np.abs(self.said - self.came_true), weights=self.counts))


def reliability(targets: ArrayLike, probabilities: ArrayLike, *, bins: int = 10) -> Reliability:
    """The points of a reliability plot, in bins of equal width.

    Args:
        targets: 0 or 1.
        probabilities: of class 1.
        bins: from 0 to 1.

    Raises:
        ArgumentError: no bins, probabilities outside 0 to 1, or a class is missing.

    Example:
        >>> found = reliability([0, 1, 1, 1], [0.1, 0.1, 0.9, 0.9], bins=2)
        >>> found.said.tolist(), found.came_true.tolist(), round(found.error, 3)
        ([0.1, 0.9], [0.5, 1.0], 0.25)
    """
    true, said = checked_scores(targets, probabilities)
    if bins < 1:
        raise ArgumentError("bins", required="at least 1", got=bins)
    if said.min() < 0 or said.max() > 1:
        got = (said.min(), said.max())
        raise ArgumentError("probabilities", required="from 0 to 1", got=got)
    place = np.minimum((said * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    kept = counts > 0
    sums = [np.bincount(place, weights=values, minlength=bins) for values in (said, true)]
    means = [total[kept] / counts[kept] for total in sums]
    return Reliability(means[0], means[1], counts[kept])


def expected_calibration_error(
    targets: ArrayLike, probabilities: ArrayLike, *, bins: int = 15
) -> float:
    """Mean distance between what was said and what came true, over bins of equal width.

    Source: Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using
        Bayesian binning"; for two classes the probability of class 1 is binned, not that of the
        class predicted.

    Example:
        >>> expected_calibration_error([0, 1], [0.25, 0.75])
        0.25
    """
    return reliability(targets, probabilities, bins=bins).error


def fit_temperature(logits: ArrayLike, targets: ArrayLike) -> float:
    """The temperature T for which ``softmax(logits / T)`` gives these classes the highest odds.

    Above 1 the model was too sure of itself. The order of the classes does not change, and so
    neither does the accuracy.

    Args:
        logits: ``[n, k]`` scores of each class, of examples not trained on; or ``[n]``, of
            class 1 against class 0.
        targets: ``[n]`` classes from 0.

    Raises:
        ShapeError: logits and targets do not fit together.

    Source: Guo et al. 2017 (arXiv:1706.04599), section 4.2.

    Example:
        >>> sure = np.array([4.0, 4.0, 4.0, -4.0])  # one of four is wrong: odds of 3, not of e^4
        >>> round(fit_temperature(sure, [1, 1, 0, 0]), 2)
        3.64
    """
    scores, true = np.asarray(logits, float), np.asarray(targets)
    if scores.ndim == 1:
        scores = np.stack([np.zeros_like(scores), scores], axis=1)
    if scores.ndim != 2 or true.shape != scores.shape[:1] or not len(true):
        required = "[n, k], or [n], for n targets"
        raise ShapeError("logits", required=required, got=(scores.shape, true.shape))
    if (
        not np.issubdtype(true.dtype, np.integer)
        or not 0 <= true.min() <= true.max() < scores.shape[1]
    ):
        raise ArgumentError("targets", required=f"classes below {scores.shape[1]}", got=true[:9])

    def surprise(log_temperature: float) -> float:
        chances = log_softmax(scores / np.exp(log_temperature), axis=1)
        return -float(chances[np.arange(len(true)), true].mean())

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    found = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))
