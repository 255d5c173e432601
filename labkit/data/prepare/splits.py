"""Row numbers for training, validation and test: stratified, by group, or in order of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split

from labkit.errors import ArgumentError

__all__ = ["Split", "grouped_split", "stratified_split", "time_split"]


@dataclass(frozen=True, eq=False)
class Split:
    """Which rows serve for what; together they are all rows, each once.

    Attributes:
        train: row numbers to fit on.
        validation: row numbers to choose by; may be empty.
        test: row numbers to report on, once.
    """

    train: NDArray[np.intp]
    validation: NDArray[np.intp]
    test: NDArray[np.intp]


def stratified_split(
    targets: ArrayLike, *, test: float = 0.2, validation: float = 0.0, seed: int = 0
) -> Split:
    """A random split in which every class has the same share on every side.

    Args:
        targets: ``[n]`` class of each row.
        test: share of the rows, above 0 and below 1.
        validation: share of the rows, 0 for none.
        seed: of the shuffle.

    Raises:
        ArgumentError: the shares leave nothing to train on, or a class has too few rows.

    Example:
        >>> split = stratified_split([0] * 8 + [1] * 4, test=0.25)
        >>> sorted(split.test.tolist())
        [4, 5, 9]
    """
    _require_shares(test, validation)
    labels = np.asarray(targets)
    smallest = int(np.unique(labels, return_counts=True)[1].min())
    if smallest < 2 + (validation > 0):
        raise ArgumentError(
            "targets",
            required="at least one row of every class on every side",
            got=f"a class of {smallest}",
            fix="Merge or drop classes that are that rare.",
        )
    rows = np.arange(len(labels))
    rest, test_rows = train_test_split(rows, test_size=test, stratify=labels, random_state=seed)
    if not validation:
        return Split(np.sort(rest), rows[:0], np.sort(test_rows))
    train_rows, validation_rows = train_test_split(
        rest, test_size=validation / (1 - test), stratify=labels[rest], random_state=seed
    )
    return Split(np.sort(train_rows), np.sort(validation_rows), np.sort(test_rows))


def grouped_split(
    groups: ArrayLike, *, test: float = 0.2, validation: float = 0.0, seed: int = 0
) -> Split:
    """A random split that keeps every group (patient, engine, user) whole, on one side.

    Shares are of rows; a group is added to a side while that brings it nearer to its share,
    so sides are as near to what was asked as whole groups allow, and none is empty.

    Raises:
        ArgumentError: fewer groups than sides, or shares that leave nothing to train on.

    Example:
        >>> split = grouped_split(["ann", "bo", "ann", "cy", "bo"], test=0.4, seed=1)
        >>> split.train.tolist(), split.test.tolist()
        ([1, 3, 4], [0, 2])
    """
    _require_shares(test, validation)
    names, member, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    sides = 2 + (validation > 0)
    if len(names) < sides:
        raise ArgumentError("groups", required=f"at least {sides} groups", got=names.tolist())
    waiting = list(np.random.default_rng(seed).permutation(len(names)))
    chosen = []
    for share, left_over in ((test, sides - 1), (validation, 1)):
        side: list[int] = []
        while share and len(waiting) > left_over:
            wanted, have = share * len(member), sizes[side].sum()
            if side and abs(have + sizes[waiting[0]] - wanted) >= abs(have - wanted):
                break
            side.append(waiting.pop(0))
        chosen.append(side)
    rows = [np.flatnonzero(np.isin(member, side)) for side in (waiting, chosen[1], chosen[0])]
    return Split(*rows)


def time_split(
    times: ArrayLike, *, test: float = 0.2, validation: float = 0.0, gap: int = 0
) -> Split:
    """Train on the past, validate on what came next, test on the last: no shuffle.

    Rows of the same moment are never parted. ``gap`` drops rows before each later side, as
    many as a window or a label reaches ahead; with a gap the sides do not hold every row.

    Raises:
        ArgumentError: the shares or the gap leave a side empty.

    Example:
        >>> split = time_split([5, 1, 2, 3, 4], test=0.4)
        >>> split.train.tolist(), split.test.tolist()
        ([1, 2, 3], [4, 0])
    """
    _require_shares(test, validation)
    moments = np.asarray(times)
    order = np.argsort(moments, kind="stable")
    n, ordered = len(order), moments[order]

    def boundary(share: float) -> int:
        """The first row of the moment on which this boundary falls."""
        return int(np.searchsorted(ordered, ordered[min(n - 1, round(n * share))]))

    first_validation, first_test = boundary(1 - test - validation), boundary(1 - test)
    split = Split(
        order[: max(0, first_validation - gap)],
        order[first_validation : max(first_validation, first_test - gap * (validation > 0))],
        order[first_test:],
    )
    if not (len(split.train) and (len(split.validation) or not validation)):
        raise ArgumentError("gap", required=f"small enough for {n} rows", got=gap)
    return split


def _require_shares(test: float, validation: float) -> None:
    if not 0 < test < 1:
        raise ArgumentError("test", required="above 0 and below 1", got=test)
    if not 0 <= validation < 1 - test:
        raise ArgumentError("validation", required=f"in [0, {1 - test:g})", got=validation)
