"""The same score for each group of people: a mean hides whom a model fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate.intervals import Estimate, bootstrap_interval

__all__ = ["Subgroup", "by_subgroup"]


@dataclass(frozen=True)
class Subgroup:
    """One group's score.

    Attributes:
        name: of the group.
        count: examples.
        score: with its interval; None where the group is too small, or lacks a class.
    """

    name: str
    count: int
    score: Estimate | None

    def __str__(self) -> str:
        told = "too few to say" if self.score is None else str(self.score)
        return f"{self.name}: {told}, {self.count} examples"


def by_subgroup(
    score: Callable[..., float],
    groups: ArrayLike,
    *columns: ArrayLike,
    strata: ArrayLike | None = None,
    smallest: int = 10,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Subgroup, ...]:
    """A score and its bootstrap interval in each group.

    Args:
        score: of the columns.
        groups: the name of each example's group.
        *columns: arrays whose first axis counts the examples.
        strata: the examples' classes; a group needs at least two examples of each class, and
            draws keep their counts.
        smallest: groups of fewer examples get no score.
        resamples: of the bootstrap.
        seed: of the draws.

    Raises:
        ShapeError: groups and columns of different lengths.
        ArgumentError: ``smallest`` is below 2.

    Example:
        >>> right = np.r_[np.ones(20), np.zeros(10), np.ones(10), np.ones(3)]
        >>> for found in by_subgroup(np.mean, ["a"] * 20 + ["b"] * 20 + ["c"] * 3, right):
        ...     print(found)
        a: 1.000 (1.000 to 1.000), 20 examples
        b: 0.500 (0.300 to 0.700), 20 examples
        c: too few to say, 3 examples
    """
    names = np.asarray(groups).astype(str)
    arrays = [np.asarray(column) for column in columns]
    classes = np.zeros(len(names), int) if strata is None else np.asarray(strata)
    if names.ndim != 1 or any(len(array) != len(names) for array in (*arrays, classes)):
        got = [array.shape for array in (names, *arrays, classes)]
        raise ShapeError("groups", required="one name for each example", got=got)
    if smallest < 2:
        raise ArgumentError("smallest", required="at least 2", got=smallest)
    found = []
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        rarest = min(int((classes[rows] == kind).sum()) for kind in np.unique(classes))
        value = None
        if len(rows) >= smallest and rarest >= 2:
            parts = [array[rows] for array in arrays]
            value = bootstrap_interval(
                score, *parts, strata=classes[rows], resamples=resamples, seed=seed
            )
        found.append(Subgroup(str(name), len(rows), value))
    return tuple(found)
