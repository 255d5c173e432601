"""The studies of `benchmarks.cases`: one module for each case, with its ``STUDIES``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Study", "Trained", "studies"]


@dataclass(frozen=True)
class Trained:
    """What one seed gave.

    Attributes:
        scores: on the official test set, by name.
        train_s: seconds of training.
        detail: further figures, each key with its unit.
    """

    scores: Mapping[str, float]
    train_s: float
    detail: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """One model on one data set, trained once for each seed.

    Attributes:
        data: what is scored, in words: the set, its official split, how many examples.
        goals: by name of score, the least that is asked of the mean; None where nothing is.
        chosen: how the recipe was chosen, on which data, with how many trials.
        train: (seed, folder for checkpoints) -> what came of it. Started again with the same
            folder it goes on where it was killed.
    """

    data: str
    goals: Mapping[str, float | None]
    chosen: str
    train: Callable[[int, Path], Trained]


def studies() -> dict[str, Study]:
    """Every study of every module of this folder, by name."""
    found: dict[str, Study] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(__path__)):
        found |= importlib.import_module(f"{__name__}.{module}").STUDIES
    return found
