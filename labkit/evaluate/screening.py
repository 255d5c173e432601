"""How good a score is at telling ill from well, and where to draw the line between them.

In all of these, class 1 is what is looked for, and a higher score speaks for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate.intervals import Estimate, bootstrap_interval

__all__ = [
    "OperatingPoint",
    "cost_threshold",
    "operating_point",
    "roc_auc",
    "sensitivity_at_specificity",
]


class OperatingPoint(NamedTuple):
    """What a threshold makes of a score: positive is what reaches it.

    Attributes:
        threshold: the line.
        sensitivity: share of the ill that are found.
        specificity: share of the well that are left alone.
    """

    threshold: float
    sensitivity: float
    specificity: float

    def precision(self, prevalence: float) -> float:
        """Share of those found that are ill, where a share ``prevalence`` of all are (Bayes).

        Example:
            >>> round(OperatingPoint(0.5, 0.9, 0.9).precision(0.01), 3)
            0.083
        """
        if not 0 <= prevalence <= 1:
            raise ArgumentError("prevalence", required="from 0 to 1", got=prevalence)
        found = self.sensitivity * prevalence
        alarms = found + (1 - self.specificity) * (1 - prevalence)
        return found / alarms if alarms else 0.0


def roc_auc(
    targets: ArrayLike,
    scores: ArrayLike,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Area under the ROC curve with a bootstrap interval that keeps the count of each class.

    It is the chance that one who is ill scores higher than one who is well, ties counting half.

    Args:
        targets: 0 or 1.
        scores: one for each; higher speaks for 1.
        resamples: of the bootstrap.
        confidence: of the interval.
        seed: of the draws.

    Raises:
        ShapeError: lists of different lengths, or targets that are not 0 and 1.
        ArgumentError: one class is missing, or a score is not finite.

    Source: Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating
        characteristic (ROC) curve", Radiology 143.

    Example:
        >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
        0.75
    """
    true, values = checked_scores(targets, scores)
    return bootstrap_interval(
        _area, true, values, strata=true, resamples=resamples, confidence=confidence, seed=seed
    )


def operating_point(targets: ArrayLike, scores: ArrayLike, threshold: float) -> OperatingPoint:
    """Sensitivity and specificity where all that reach the threshold count as positive.

    Example:
        >>> operating_point([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.3)
        OperatingPoint(threshold=0.3, sensitivity=1.0, specificity=0.5)
    """
    true, values = checked_scores(targets, scores)
    positive = values >= threshold
    return OperatingPoint(
        float(threshold), float(positive[true == 1].mean()), float((~positive[true == 0]).mean())
    )


def sensitivity_at_specificity(
    targets: ArrayLike, scores: ArrayLike, *, specificity: float
) -> OperatingPoint:
    """The lowest threshold that leaves at least this share of the well alone.

    Choose it on validation data, then ask `operating_point` what it does on the test set.

    Args:
        targets: 0 or 1.
        scores: one for each.
        specificity: asked for, from 0 to 1.

    Raises:
        ArgumentError: a share outside 0 to 1, or one class is missing.

    Example:
        >>> sensitivity_at_specificity([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], specificity=1)
        OperatingPoint(threshold=0.8, sensitivity=0.5, specificity=1.0)
    """
    if not 0 <= specificity <= 1:
        raise ArgumentError("specificity", required="from 0 to 1", got=specificity)
    true, values = checked_scores(targets, scores)
    levels = np.r_[np.unique(values), np.inf]  # thresholds between which nothing changes
    well = np.sort(values[true == 0])
    spared = np.searchsorted(well, levels, side="left") / len(well)
    threshold = levels[np.argmax(spared >= specificity - 1e-12)]
    return operating_point(true, values, float(threshold))


def cost_threshold(
    targets: ArrayLike,
    scores: ArrayLike,
    *,
    miss_cost: float,
    alarm_cost: float,
    prevalence: float | None = None,
) -> OperatingPoint:
    """The threshold at which mistakes cost least, on these examples.

    Where several are equally cheap, the middle of the widest stretch of them is taken: a small
    shift of the scores then costs least.

    Args:
        targets: 0 or 1.
        scores: one for each; probabilities or not.
        miss_cost: of one ill person who is not found.
        alarm_cost: of one well person who is taken for ill.
        prevalence: share of the ill where the model will be used; as in ``targets`` where None.

    Raises:
        ArgumentError: a cost that is not positive, or a prevalence outside (0, 1).

    Example:
        >>> point = cost_threshold([0, 0, 1, 1], [0.1, 0.3, 0.5, 0.9], miss_cost=5, alarm_cost=1)
        >>> round(point.threshold, 3), point.sensitivity, point.specificity
        (0.4, 1.0, 1.0)
    """
    if not min(miss_cost, alarm_cost) > 0:
        required = "positive, as alarm_cost"
        raise ArgumentError("miss_cost", required=required, got=(miss_cost, alarm_cost))
    true, values = checked_scores(targets, scores)
    ill = float(true.mean()) if prevalence is None else prevalence
    if not 0 < ill < 1:
        raise ArgumentError("prevalence", required="between 0 and 1", got=prevalence)
    levels = np.unique(values)
    edges = np.r_[levels[0], (levels[1:] + levels[:-1]) / 2, np.nextafter(levels[-1], np.inf)]
    missed = np.searchsorted(np.sort(values[true == 1]), edges) / (true == 1).sum()
    alarmed = 1 - np.searchsorted(np.sort(values[true == 0]), edges) / (true == 0).sum()
    cost = ill * miss_cost * missed + (1 - ill) * alarm_cost * alarmed
    cheapest = np.flatnonzero(cost <= cost.min() + 1e-12)
    widths = np.diff(np.r_[-np.inf, levels, np.inf])[cheapest]
    widths[~np.isfinite(widths)] = 0.0  # beyond all scores: only if nothing else is as cheap
    return operating_point(true, values, float(edges[cheapest[np.argmax(widths)]]))


def checked_scores(targets: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Targets as 0 and 1, both present, and as many finite scores."""
    true, values = np.asarray(targets), np.asarray(scores, float)
    if true.ndim != 1 or values.shape != true.shape:
        required = f"one score for each of {true.shape} targets"
        raise ShapeError("scores", required=required, got=values.shape)
    if not np.isin(true, (0, 1)).all() or len(np.unique(true)) != 2:
        raise ArgumentError("targets", required="0 and 1, both present", got=np.unique(true))
    if not np.isfinite(values).all():
        raise ArgumentError("scores", required="finite", got=values[~np.isfinite(values)][:3])
    return true.astype(np.int64), values


def _area(true: np.ndarray, values: np.ndarray) -> float:
    """By ranks (Mann and Whitney): quicker than the curve, which the bootstrap does not need."""
    from scipy.stats import rankdata

    ill = int(true.sum())
    above = rankdata(values)[true == 1].sum() - ill * (ill + 1) / 2
    return float(above / (ill * (len(true) - ill)))
