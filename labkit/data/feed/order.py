"""The order in which an epoch visits the rows: a pure function of the seed and the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from labkit.errors import ArgumentError

__all__ = ["BlockShuffled", "InOrder", "Order", "Shuffled"]


@runtime_checkable
class Order(Protocol):
    """Gives the row numbers of an epoch, each row once; the same for the same epoch."""

    def __call__(self, epoch: int) -> NDArray[np.intp]:
        """Row numbers of epoch ``epoch``, ``[n]``."""


@dataclass(frozen=True)
class InOrder:
    """Rows as they lie, every epoch.

    Example:
        >>> InOrder(3)(epoch=0).tolist()
        [0, 1, 2]
    """

    rows: int

    def __call__(self, epoch: int) -> NDArray[np.intp]:  # noqa: ARG002
        """Row numbers of any epoch."""
        return np.arange(self.rows)


@dataclass(frozen=True)
class Shuffled:
    """Every order of all rows equally likely, a fresh one each epoch.

    Example:
        >>> Shuffled(5, seed=0)(epoch=0).tolist(), Shuffled(5, seed=0)(epoch=1).tolist()
        ([2, 4, 3, 0, 1], [1, 4, 3, 0, 2])
    """

    rows: int
    seed: int = 0

    def __call__(self, epoch: int) -> NDArray[np.intp]:
        """Row numbers of epoch ``epoch``."""
        return np.random.default_rng([self.seed, epoch]).permutation(self.rows)


@dataclass(frozen=True)
class BlockShuffled:
    """Whole blocks in random order, rows shuffled among the blocks in memory.

    A disk reads neighbours together. Blocks of consecutive rows are drawn at random; the
    rows of ``window`` blocks at a time are shuffled among each other. Reading a window
    needs ``window * block`` rows in memory and no more.

    Example:
        >>> BlockShuffled(6, block=2, window=1, seed=1)(epoch=0).tolist()
        [0, 1, 3, 2, 5, 4]
    """

    rows: int
    block: int
    window: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("block", "window"):
            if getattr(self, name) < 1:
                raise ArgumentError(name, required="at least 1", got=getattr(self, name))

    def __call__(self, epoch: int) -> NDArray[np.intp]:
        """Row numbers of epoch ``epoch``."""
        generator = np.random.default_rng([self.seed, epoch])
        starts = generator.permutation(np.arange(0, self.rows, self.block))
        order = (starts[:, None] + np.arange(self.block)).ravel()
        order = order[order < self.rows]
        for start in range(0, self.rows, self.window * self.block):
            generator.shuffle(order[start : start + self.window * self.block])
        return order
