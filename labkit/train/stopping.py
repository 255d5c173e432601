"""Stop when a score has not become better for a while."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit.errors import ArgumentError
from labkit.train.history import History

__all__ = ["EarlyStopping"]


@dataclass(frozen=True)
class EarlyStopping:
    """When to stop, decided from the history alone, so that a resumed run decides alike.

    Attributes:
        patience: epochs without a better score after which training stops.
        score: the curve of the history to watch.
        higher_is_better: true for an accuracy, false for a loss.
        min_delta: by how much a score must be better to count.
        restore_best: whether the model goes back to its best epoch when training ends.

    Source: Prechelt 1998, "Early Stopping - But When?" (criterion UP, counted in epochs).

    Example:
        >>> from labkit.train.history import EpochRecord
        >>> scores = [1.0, 0.8, 0.9, 0.85]
        >>> records = [EpochRecord(i, 0.0, {}, {"loss": x}) for i, x in enumerate(scores, 1)]
        >>> rule = EarlyStopping(patience=2)
        >>> rule.best_epoch(History(tuple(records))), rule.is_over(History(tuple(records)))
        (2, True)
    """

    patience: int = 3
    score: str = "validation_loss"
    higher_is_better: bool = False
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise ArgumentError("patience", required="at least 1 epoch", got=self.patience)

    def best_epoch(self, history: History) -> int:
        """The epoch (from 1) whose score stands as the best."""
        sign = -1.0 if self.higher_is_better else 1.0
        best, best_epoch = np.inf, 0
        for record, value in zip(history.epochs, sign * history.curve(self.score), strict=True):
            if value < best - self.min_delta:
                best, best_epoch = float(value), record.epoch
        return best_epoch

    def is_over(self, history: History) -> bool:
        """Whether ``patience`` epochs have passed since the best one."""
        return len(history.epochs) - self.best_epoch(history) >= self.patience
