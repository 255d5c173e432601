"""Leaks between rows: the same thing, or a part of it, stands on both sides of a split."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.neighbors import NearestNeighbors

from labkit.data.prepare.leakage.error import LeakageError

__all__ = [
    "check_disjoint",
    "check_duplicates",
    "check_groups",
    "check_near_duplicates",
    "check_texts",
    "check_time_order",
    "check_windows",
]


def check_disjoint(train: ArrayLike, test: ArrayLike) -> None:
    """No row number is on both sides.

    Raises:
        LeakageError: one is.
    """
    _refuse_common(train, test, "row", "Split once, and index both sides from that one split.")


def check_groups(train: ArrayLike, test: ArrayLike, *, what: str = "group") -> None:
    """No group (patient, engine, user, day) has rows on both sides.

    Args:
        train: the group of each training row.
        test: the group of each test row.
        what: what a group is, in one word, for the message.

    Raises:
        LeakageError: one has.

    Example:
        >>> check_groups(["ann", "bo"], ["bo", "cy"], what="patient")
        Traceback (most recent call last):
        ...
        labkit.data.prepare.leakage.error.LeakageError: 1 patient in both train and test: bo. Use
        grouped_split.
    """
    _refuse_common(train, test, what, "Use grouped_split.")


def check_duplicates(train: ArrayLike, test: ArrayLike, *, allowed: float = 0.0) -> None:
    """No test row is equal to a training row, value for value.

    Args:
        train: inputs to fit on, one row an example, of any shape.
        test: inputs to report on.
        allowed: share of the test rows that may have a twin, where a table of few
            distinct values has honest ones.

    Raises:
        LeakageError: more have one; oversampling before the split is the usual cause.
    """
    known = set(_row_keys(train))
    twins = [row for row, key in enumerate(_row_keys(test)) if key in known]
    if len(twins) > allowed * len(np.asarray(test)):
        raise LeakageError(
            f"{len(twins)} test rows are equal to a training row, the first is row {twins[0]}. "
            "Drop duplicates before the split, and oversample after it, in train only."
        )


def check_near_duplicates(train: ArrayLike, test: ArrayLike, *, tolerance: float = 0.2) -> None:
    """No test row lies far closer to a training row than training rows lie to each other.

    Args:
        train: ``[n, ...]`` numbers; flattened to one row an example, and standardised.
        test: alike.
        tolerance: a test row is a near copy below this share of the median distance from
            a training row to its nearest neighbour.

    Raises:
        LeakageError: one does; augmented copies made before the split are the usual cause.
    """
    before, after = (np.asarray(side, float).reshape(len(side), -1) for side in (train, test))  # type: ignore[arg-type]
    centre, spread = before.mean(axis=0), before.std(axis=0)
    before, after = ((side - centre) / np.where(spread == 0, 1, spread) for side in (before, after))
    neighbours = NearestNeighbors(n_neighbors=2).fit(before)
    typical = np.median(neighbours.kneighbors(before)[0][:, 1])
    nearest = neighbours.kneighbors(after, n_neighbors=1)[0][:, 0]
    copies = np.flatnonzero(nearest < tolerance * typical)
    if len(copies):
        raise LeakageError(
            f"{len(copies)} test rows are near copies of training rows, the first is row "
            f"{copies[0]}. Augment after the split, in train only."
        )


def check_texts(train: Iterable[str], test: Iterable[str]) -> None:
    """No test text is a training text in other case, punctuation or spacing.

    Raises:
        LeakageError: one is; the message quotes it.
    """
    known = {_bare(text) for text in train}
    copies = [text for text in test if _bare(text) in known]
    if copies:
        raise LeakageError(
            f"{len(copies)} test texts also stand in train, the first is {copies[0]!r}. "
            "Normalise and drop duplicates before the split."
        )


def check_time_order(train: ArrayLike, test: ArrayLike) -> None:
    """Every training row is older than every test row.

    Raises:
        LeakageError: one is not.
    """
    last, first = np.max(np.asarray(train)), np.min(np.asarray(test))
    if last >= first:
        late = int(np.sum(np.asarray(train) >= first))
        raise LeakageError(
            f"{late} training rows are not older than the first test row ({last} is not before "
            f"{first}). Use time_split."
        )


def check_windows(train: ArrayLike, test: ArrayLike, *, length: int) -> None:
    """No training window shares a sample with a test window.

    Args:
        train: the first sample of each training window.
        test: the first sample of each test window.
        length: samples that a window reaches, with the horizon of its label.

    Raises:
        LeakageError: one does.
    """
    starts, others = np.sort(np.asarray(test)), np.asarray(train)
    following = np.searchsorted(starts, others - length + 1)  # first test start within reach
    shared = (following < len(starts)) & (
        starts[np.minimum(following, len(starts) - 1)] < others + length
    )
    if shared.any():
        raise LeakageError(
            f"{int(shared.sum())} training windows of {length} samples overlap a test window. "
            f"Split the series first and cut windows after, or leave a gap of {length - 1}."
        )


def _refuse_common(train: ArrayLike, test: ArrayLike, what: str, fix: str) -> None:
    common = np.intersect1d(np.asarray(train), np.asarray(test))
    if len(common):
        shown = ", ".join(str(name) for name in common[:5]) + (", ..." if len(common) > 5 else "")
        plural = "s" if len(common) > 1 else ""
        raise LeakageError(f"{len(common)} {what}{plural} in both train and test: {shown}. {fix}")


def _row_keys(rows: ArrayLike) -> list[bytes | tuple[object, ...]]:
    table = np.asarray(rows)
    table = table.reshape(len(table), -1)
    if table.dtype.hasobject:
        return [tuple(map(str, row)) for row in table]
    return [row.tobytes() for row in np.ascontiguousarray(table)]


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
