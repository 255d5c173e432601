"""What a diagnostic service answers, and when it declines to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from labkit.evaluate import OperatingPoint, cost_threshold

__all__ = ["Finding", "Reader", "balanced_point"]


@dataclass(frozen=True)
class Finding:
    """An answer.

    Attributes:
        probability: of illness; None where declined.
        positive: whether it reaches the threshold; None where declined.
        declined: why there is no answer, in a sentence; empty where there is one.
        note: what the reader of the answer should know; empty where nothing.
    """

    probability: float | None = None
    positive: bool | None = None
    declined: str = ""
    note: str = ""

    def __str__(self) -> str:
        if self.declined:
            return f"No answer: {self.declined}"
        word = "positive" if self.positive else "negative"
        return f"{word}, probability {self.probability:.2f}. {self.note}".rstrip()


@dataclass(frozen=True)
class Reader:
    """A model with all that stands between a raw input and a finding.

    Attributes:
        logits: of a checked batch, the log odds of illness (n).
        check: of a raw input, the batch of one that the model takes and a note, or raises
            ValueError with a sentence that says why it cannot be read.
        temperature: that the logits are divided by (:func:`labkit.evaluate.fit_temperature`).
        point: whose threshold on the probability decides; chosen on validation data.
    """

    logits: Callable[[Any], np.ndarray]
    check: Callable[[Any], tuple[Any, str]]
    temperature: float
    point: OperatingPoint

    def read(self, raw: object) -> Finding:
        """Answer one request; whatever arrives, a finding comes back."""
        try:
            batch, note = self.check(raw)
        except (ValueError, TypeError) as error:
            return Finding(declined=str(error))
        probability = float(self.probabilities(batch)[0])
        return Finding(probability, probability >= self.point.threshold, note=note)

    def probabilities(self, batch: Any) -> np.ndarray:
        """Calibrated probabilities of illness for a checked batch."""
        return np.asarray(expit(np.asarray(self.logits(batch), float) / self.temperature))


def balanced_point(targets: ArrayLike, probabilities: ArrayLike) -> OperatingPoint:
    """The threshold of the highest mean of sensitivity and specificity.

    It asks nothing of how common the illness is, which differs between validation data and use.

    Example:
        >>> balanced_point([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.7]).threshold
        0.5
    """
    return cost_threshold(targets, probabilities, miss_cost=1.0, alarm_cost=1.0, prevalence=0.5)
