"""What is known of a trial once it is over, and of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from labkit.errors import ArgumentError, TrainingError
from labkit.tune.space import Space

__all__ = ["SearchResult", "TrialRecord"]


@dataclass(frozen=True)
class TrialRecord:
    """One trial that is over.

    Attributes:
        number: 0 for the first.
        params: the hyperparameters that were tried.
        value: what the objective returned; for a stopped trial its last report, for a failed one
            infinity on the bad side.
        ended: "complete"; "stopped" early by the pruning rule; "failed": the objective raised a
            `TrainingError` or returned a number that is not finite.
        reports: what was reported on the way, by step.
        rungs: the places at which the pruning rule let it pass or not, and its value there.
        seconds: wall time.
    """

    number: int
    params: Mapping[str, Any]
    value: float
    ended: Literal["complete", "stopped", "failed"] = "complete"
    reports: Mapping[int, float] = field(default_factory=dict)
    rungs: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class SearchResult:
    """All trials of a search, in order.

    Attributes:
        space: what was searched.
        trials: one record each.
        maximise: whether larger values are better.
    """

    space: Space
    trials: tuple[TrialRecord, ...]
    maximise: bool = False

    @property
    def best(self) -> TrialRecord:
        """The complete trial with the best value; the first of those where several share it.

        Raises:
            TrainingError: no trial was completed.
        """
        complete = [trial for trial in self.trials if trial.ended == "complete"]
        if not complete:
            raise TrainingError(
                f"None of the {len(self.trials)} trials was completed. Look at their `ended`: "
                "make the space smaller where they failed, the pruning milder where they stopped."
            )
        sign = -1.0 if self.maximise else 1.0
        return min(complete, key=lambda trial: sign * trial.value)

    @property
    def values(self) -> np.ndarray:
        """The value of each trial."""
        return np.array([trial.value for trial in self.trials])

    @property
    def complete(self) -> np.ndarray:
        """Whether each trial was completed."""
        return np.array([trial.ended == "complete" for trial in self.trials])

    def column(self, name: str) -> np.ndarray:
        """One hyperparameter of each trial.

        Raises:
            ArgumentError: it was not searched.
        """
        if name not in self.space:
            raise ArgumentError("name", required=f"one of {', '.join(self.space)}", got=name)
        return np.array([trial.params[name] for trial in self.trials])

    def best_so_far(self) -> np.ndarray:
        """The best value among the complete trials up to each one; infinite before the first."""
        worst = -np.inf if self.maximise else np.inf
        values = np.where(self.complete, self.values, worst)
        better = np.maximum if self.maximise else np.minimum
        return better.accumulate(values)
