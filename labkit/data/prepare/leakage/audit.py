"""All the checks that a split alone allows, at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from labkit.data.prepare.leakage.error import LeakageError
from labkit.data.prepare.leakage.rows import (
    check_disjoint,
    check_duplicates,
    check_groups,
    check_time_order,
)
from labkit.data.prepare.leakage.target import check_target
from labkit.data.prepare.splits import Split

__all__ = ["audit"]


def audit(
    split: Split,
    inputs: Any,
    *,
    targets: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    times: ArrayLike | None = None,
) -> None:
    """Check a split every way that what is given allows, and report all leaks together.

    Args:
        split: row numbers; validation and test are both held against train.
        inputs: ``[n, ...]`` all rows, array or pandas table.
        targets: ``[n]``; given, no column may tell them alone.
        groups: ``[n]``; given, no group may stand on two sides.
        times: ``[n]``; given, later sides must be later.

    Raises:
        LeakageError: with one line for each leak found.

    Example:
        >>> rows = np.arange(8.0)[:, None]
        >>> audit(Split(np.arange(5), np.arange(0), np.arange(4, 8)), rows, times=np.arange(8))
        Traceback (most recent call last):
        ...
        labkit.data.prepare.leakage.error.LeakageError: 3 leaks:
        test: 1 row in both train and test: 4. ...
    """
    rows, found = np.asarray(inputs), list[str]()

    def attempt(side: str, check: Callable[..., None], *arguments: Any) -> None:
        try:
            check(*arguments)
        except LeakageError as leak:
            found.append(f"{side}: {leak}")

    for side, held_out in (("validation", split.validation), ("test", split.test)):
        if not len(held_out):
            continue
        attempt(side, check_disjoint, split.train, held_out)
        compared = ((check_duplicates, rows), (check_groups, groups), (check_time_order, times))
        for check, values in compared:
            if values is not None:
                attempt(side, check, np.asarray(values)[split.train], np.asarray(values)[held_out])
    if targets is not None:
        attempt("columns", check_target, inputs, targets)
    if found:
        count = f"{len(found)} leak{'s' if len(found) > 1 else ''}"
        raise LeakageError("\n".join([f"{count}:", *found]))
