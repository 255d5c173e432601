"""How far a cross-validated score may be from the truth."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from labkit.errors import ArgumentError, ShapeError

__all__ = ["Interval", "corrected_interval"]


class Interval(NamedTuple):
    """A mean and the bounds around it."""

    mean: float
    low: float
    high: float


def corrected_interval(
    scores: ArrayLike, *, test_share: float, confidence: float = 0.95
) -> Interval:
    """The corrected resampled t interval of a mean over folds.

    Folds share most of their training rows, so their scores move together, and the plain
    interval, ``t * s / sqrt(J)``, is too narrow. The correction takes the variance of the mean for

        (1 / J + n_test / n_train) * s**2

    with J scores of sample variance s**2, and Student's t with J - 1 degrees of freedom.

    Args:
        scores: ``[J]`` one for each fold, or differences between two models fold by fold.
        test_share: share of the rows that a fold tests on: 1 / folds.
        confidence: how often such an interval is to hold the mean.

    Raises:
        ShapeError: fewer than two scores.
        ArgumentError: a share or a confidence that is not between 0 and 1.

    Source: Nadeau and Bengio 2003, "Inference for the Generalization Error" (Machine Learning 52),
        section 5.2, derived for random splits; for repeated k-fold it is used as in Bouckaert and
        Frank 2004, equation 4. It is a heuristic: no unbiased estimate exists (Bengio and
        Grandvalet 2004).

    Example:
        >>> interval = corrected_interval([0.8, 0.9], test_share=0.5)
        >>> [round(bound, 3) for bound in interval]
        [0.85, -0.25, 1.95]
    """
    values = np.asarray(scores, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ShapeError("scores", required="a list of at least two numbers", got=values.shape)
    for name, share in (("test_share", test_share), ("confidence", confidence)):
        if not 0 < share < 1:
            raise ArgumentError(name, required="between 0 and 1", got=share)
    count, mean = len(values), float(values.mean())
    variance = (1 / count + test_share / (1 - test_share)) * values.var(ddof=1)
    half = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * math.sqrt(variance)
    return Interval(mean, mean - half, mean + half)
