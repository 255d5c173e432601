"""What computes the answers: one face, several engines behind it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from labkit.errors import ArgumentError

__all__ = ["Engine", "FunctionEngine", "on_ladder"]


@runtime_checkable
class Engine(Protocol):
    """Rows in, rows out, computed on the calling thread; ``name`` says by what."""

    name: str

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """One output row for each input row."""


class FunctionEngine:
    """An engine from a function of NumPy arrays.

    Example:
        >>> FunctionEngine(lambda rows: rows + 1)(np.zeros((2, 1))).tolist()
        [[1.0], [1.0]]
    """

    def __init__(self, function: Callable[[np.ndarray], np.ndarray], name: str = "python") -> None:
        self.name, self._function = name, function

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Call the function."""
        return self._function(rows)


def on_ladder(
    rows: np.ndarray, sizes: Sequence[int], compute: Callable[[int, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Compute any number of rows with programs that take only the given numbers of them.

    A batch between two sizes is filled up with zeros to the next, and the result cut; one above
    the largest is cut into pieces.

    Args:
        rows: at least one.
        sizes: rising.
        compute: ``(size, rows of that number) -> rows of that number``.

    Example:
        >>> on_ladder(np.ones((3, 1)), (1, 2, 4), lambda size, rows: rows * size).ravel().tolist()
        [4.0, 4.0, 4.0]
    """
    if len(rows) == 0:
        raise ArgumentError("rows", required="at least one", got=rows.shape)
    largest = sizes[-1]
    if len(rows) > largest:
        pieces = [rows[at : at + largest] for at in range(0, len(rows), largest)]
        return np.concatenate([on_ladder(piece, sizes, compute) for piece in pieces])
    size = sizes[bisect_left(sizes, len(rows))]
    if size == len(rows):
        return compute(size, rows)
    filled = np.zeros((size, *rows.shape[1:]), rows.dtype)
    filled[: len(rows)] = rows
    return compute(size, filled)[: len(rows)]
