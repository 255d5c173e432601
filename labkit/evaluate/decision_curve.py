"""Decision curves: is acting on the model better than treating everyone, or no one?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.errors import ArgumentError
from labkit.evaluate.screening import checked_scores

__all__ = ["DecisionCurve", "decision_curve"]


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit in true positives per person; treating no one has 0.

    Attributes:
        thresholds: probabilities from which on one would treat.
        model: net benefit of treating those whom the model gives at least that.
        treat_all: of treating everyone.
    """

    thresholds: NDArray[np.float64]
    model: NDArray[np.float64]
    treat_all: NDArray[np.float64]

    def useful(self) -> NDArray[np.bool_]:
        """Where the model beats both treating everyone and treating no one."""
        return self.model > np.maximum(self.treat_all, 0.0)


def decision_curve(
    targets: ArrayLike, probabilities: ArrayLike, thresholds: ArrayLike
) -> DecisionCurve:
    """Net benefit at each threshold: ``TP / n - FP / n * p / (1 - p)``.

    Who treats from a probability p on holds one missed illness to be as bad as ``(1 - p) / p``
    needless treatments; the curve counts in that currency.

    Args:
        targets: 0 or 1.
        probabilities: of class 1, calibrated.
        thresholds: between 0 and 1.

    Raises:
        ArgumentError: thresholds outside (0, 1), or a class is missing.

    Source: Vickers and Elkin 2006, "Decision curve analysis", Medical Decision Making 26(6).

    Example:
        >>> curve = decision_curve([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], [0.5])
        >>> curve.model.tolist(), curve.treat_all.tolist(), curve.useful().tolist()
        ([0.25], [0.0], [True])
    """
    true, said = checked_scores(targets, probabilities)
    at = np.atleast_1d(np.asarray(thresholds, float))
    if not ((at > 0) & (at < 1)).all():
        raise ArgumentError("thresholds", required="between 0 and 1", got=at)
    treated = said >= at[:, None]
    odds = at / (1 - at)
    model = (treated & (true == 1)).mean(1) - (treated & (true == 0)).mean(1) * odds
    ill = true.mean()
    return DecisionCurve(at, model, ill - (1 - ill) * odds)
