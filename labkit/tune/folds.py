"""Cut the rows into folds: each row is tested on once in every round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from labkit.errors import ArgumentError

__all__ = ["Fold", "grouped_folds", "plain_folds", "stratified_folds"]


class Fold(NamedTuple):
    """Row numbers to fit on, and row numbers to score on."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


def plain_folds(rows: int, folds: int = 5, *, repeats: int = 1, seed: int = 0) -> tuple[Fold, ...]:
    """Shuffled rows in equal parts, each tested on once a round.

    Args:
        rows: how many there are.
        folds: parts of one round.
        repeats: rounds, each shuffled anew.
        seed: of the shuffles.

    Raises:
        ArgumentError: fewer than 2 folds, or fewer rows than folds.

    Example:
        >>> [fold.test.tolist() for fold in plain_folds(5, 2)]
        [[0, 1, 2], [3, 4]]
    """
    _require_folds(folds, repeats, rows, "rows")
    return _rounds(
        (KFold(folds, shuffle=True, random_state=s) for s in _seeds(seed, repeats)), np.zeros(rows)
    )


def stratified_folds(
    targets: ArrayLike, folds: int = 5, *, repeats: int = 1, seed: int = 0
) -> tuple[Fold, ...]:
    """Folds in which every class has the same share, as nearly as whole rows allow.

    Raises:
        ArgumentError: fewer than 2 folds, or a class with fewer rows than folds.

    Example:
        >>> labels = np.array([0, 0, 0, 0, 1, 1])
        >>> [labels[fold.test].tolist() for fold in stratified_folds(labels, 2)]
        [[0, 0, 1], [0, 0, 1]]
    """
    labels = np.asarray(targets)
    smallest = int(np.unique(labels, return_counts=True)[1].min(initial=len(labels)))
    _require_folds(folds, repeats, smallest, "rows of the rarest class")
    splitters = (
        StratifiedKFold(folds, shuffle=True, random_state=s) for s in _seeds(seed, repeats)
    )
    return _rounds(splitters, labels)


def grouped_folds(
    groups: ArrayLike, folds: int = 5, *, repeats: int = 1, seed: int = 0
) -> tuple[Fold, ...]:
    """Folds that keep every group (patient, engine, user) whole, on one side.

    Raises:
        ArgumentError: fewer than 2 folds, or fewer groups than folds.

    Example:
        >>> [fold.test.tolist() for fold in grouped_folds(["a", "b", "a", "c"], 3)]
        [[3], [1], [0, 2]]
    """
    names = np.asarray(groups)
    _require_folds(folds, repeats, len(np.unique(names)), "groups")
    splitters = (GroupKFold(folds, shuffle=True, random_state=s) for s in _seeds(seed, repeats))
    return _rounds(splitters, np.zeros(len(names)), names)


def _rounds(splitters: Iterable[Any], targets: np.ndarray, groups: Any = None) -> tuple[Fold, ...]:
    return tuple(
        Fold(train, test)
        for splitter in splitters
        for train, test in splitter.split(targets, targets, groups)
    )


def _seeds(seed: int, repeats: int) -> list[int]:
    """One a round; the first is the seed itself, so that one round is scikit-learn's."""
    return [seed + 1000 * number for number in range(repeats)]


def _require_folds(folds: int, repeats: int, at_most: int, what: str) -> None:
    if not 2 <= folds <= at_most:
        required = f"at least 2 and at most {at_most}, the number of {what}"
        raise ArgumentError("folds", required=required, got=folds)
    if repeats < 1:
        raise ArgumentError("repeats", required="at least 1", got=repeats)
