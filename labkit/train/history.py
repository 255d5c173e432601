"""What happened during training, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labkit.errors import ArgumentError

__all__ = ["EpochRecord", "History"]


@dataclass(frozen=True)
class EpochRecord:
    """The scores of one epoch.

    Attributes:
        epoch: 1 for the first.
        seconds: wall time of its steps and its validation.
        train: each score, averaged over the epoch's steps while the model was learning.
        validation: the same scores on the validation examples after the epoch; empty without any.
    """

    epoch: int
    seconds: float
    train: Mapping[str, float]
    validation: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """The records of all epochs, and the loss of every single step.

    Example:
        >>> first = EpochRecord(1, 0.5, {"loss": 0.9}, {"loss": 1.0})
        >>> history = History((first,), np.array([1.0, 0.8]))
        >>> history.curve("loss"), history.curve("validation_loss")
        (array([0.9]), array([1.]))
    """

    epochs: tuple[EpochRecord, ...] = ()
    step_losses: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def curves(self) -> tuple[str, ...]:
        """The names that ``curve`` knows."""
        if not self.epochs:
            return ()
        last = self.epochs[-1]
        return (*last.train, *(f"validation_{name}" for name in last.validation))

    def curve(self, name: str) -> np.ndarray:
        """One score over the epochs: ``loss``, ``accuracy``, ``validation_loss``, ...

        Raises:
            ArgumentError: no such score was kept.
        """
        if name not in self.curves:
            raise ArgumentError("name", required=f"one of {', '.join(self.curves)}", got=name)
        part, score = ("validation", name[11:]) if name[:11] == "validation_" else ("train", name)
        return np.array([getattr(record, part)[score] for record in self.epochs])

    def with_epoch(self, record: EpochRecord, step_losses: np.ndarray) -> History:
        """The history with one more epoch."""
        losses = np.concatenate([self.step_losses, step_losses])
        return History((*self.epochs, record), losses)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, from which ``from_json`` makes the same history again."""
        return {
            "epochs": [dict(vars(record)) for record in self.epochs],
            "step_losses": self.step_losses.tolist(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> History:
        """The history that ``to_json`` wrote down."""
        epochs = tuple(EpochRecord(**record) for record in stored["epochs"])
        return cls(epochs, np.array(stored["step_losses"], np.float32))
