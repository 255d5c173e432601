"""Where rows come from: anything with a length that gives the rows asked for."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.errors import ShapeError

__all__ = ["ArraySource", "Source"]


@runtime_checkable
class Source(Protocol):
    """Rows by number. ``take`` gives one array for each field (images, targets, ...)."""

    def __len__(self) -> int:
        """How many rows there are."""

    def take(self, rows: NDArray[np.intp]) -> tuple[np.ndarray, ...]:
        """The rows asked for, in that order, as new arrays."""


class ArraySource:
    """Rows of arrays that are in memory.

    Raises:
        ShapeError: arrays of different length, or none.

    Example:
        >>> ArraySource([10, 11, 12], ["a", "b", "c"]).take(np.array([2, 0]))
        (array([12, 10]), array(['c', 'a'], dtype='<U1'))
    """

    def __init__(self, *arrays: ArrayLike) -> None:
        self.arrays = tuple(np.asarray(array) for array in arrays)
        lengths = [len(array) for array in self.arrays]
        if len(set(lengths)) != 1:
            raise ShapeError("arrays", required="at least one, all of one length", got=lengths)

    def __len__(self) -> int:
        return len(self.arrays[0])

    def take(self, rows: NDArray[np.intp]) -> tuple[np.ndarray, ...]:
        """The rows asked for."""
        return tuple(array[rows] for array in self.arrays)
