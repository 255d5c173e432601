"""The Pareto front: what nothing else beats in everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.types import Bool

__all__ = ["pareto_front"]


def pareto_front(costs: ArrayLike) -> Bool[np.ndarray, " n"]:
    """Which rows no other row equals or betters in every column while beating it in one.

    Args:
        costs: one row per option, one column per criterion; smaller is better.

    Example:
        >>> pareto_front([[1, 5], [2, 2], [3, 3], [5, 1]]).tolist()
        [True, True, False, True]
    """
    table = np.asarray(costs, float)
    if table.ndim != 2:
        raise ShapeError("costs", required="(options, criteria)", got=table.shape)
    order = np.lexsort(table.T[::-1])
    kept = np.zeros(len(table), bool)
    front = np.empty((0, table.shape[1]))
    for i in order:  # a row can be dominated only by one that is before it in this order
        row = table[i]
        no_worse = np.all(front <= row, axis=1)
        if not np.any(no_worse & np.any(front < row, axis=1)):
            kept[i] = True
            front = np.vstack([front, row])
    return kept
