"""A batch as a pure function of its position, which is all that a checkpoint must remember."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labkit.data.feed.order import Order
from labkit.data.feed.source import Source
from labkit.errors import ArgumentError

__all__ = ["Batches", "Position"]


class Position(NamedTuple):
    """Where training stands: the next batch is number ``batch`` of epoch ``epoch``.

    Two whole numbers, so it goes into any checkpoint as it is.
    """

    epoch: int = 0
    batch: int = 0


@dataclass(frozen=True, eq=False)
class Batches:
    """Rows of a source in batches; ``at(position)`` is the same today and after a restart.

    Batches are counted over all hosts. Each host takes its part of every batch, so a run
    may be resumed on another number of hosts and still sees the same batches.

    Attributes:
        source: where the rows come from.
        batch_size: rows in a batch, over all hosts.
        order: in which order an epoch visits the rows.
        drop_remainder: leave out the last, smaller batch, so that all shapes are equal and
            a compiled step is compiled once.
        host: number of this host.
        hosts: number of hosts.

    Raises:
        ArgumentError: a batch larger than the source, or not a multiple of the hosts.

    Example:
        >>> from labkit.data.feed import ArraySource, InOrder
        >>> batches = Batches(ArraySource(np.arange(10)), 4, InOrder(10))
        >>> len(batches), batches.at(Position(epoch=0, batch=1))
        (2, (array([4, 5, 6, 7]),))
    """

    source: Source
    batch_size: int
    order: Order
    drop_remainder: bool = True
    host: int = 0
    hosts: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= len(self.source):
            required = f"from 1 to the {len(self.source)} rows there are"
            raise ArgumentError("batch_size", required=required, got=self.batch_size)
        if self.batch_size % self.hosts:
            required = f"a multiple of the {self.hosts} hosts"
            raise ArgumentError("batch_size", required=required, got=self.batch_size)
        if not 0 <= self.host < self.hosts:
            raise ArgumentError("host", required=f"from 0 to {self.hosts - 1}", got=self.host)
        # One epoch's order is kept, as long as that epoch lasts.
        object.__setattr__(self, "_epoch_order", lru_cache(maxsize=1)(self.order))

    def __len__(self) -> int:
        """Batches in an epoch."""
        whole, rest = divmod(len(self.source), self.batch_size)
        return whole + bool(rest and not self.drop_remainder)

    def rows(self, position: Position) -> NDArray[np.intp]:
        """The row numbers of this host's part of the batch at ``position``."""
        if not 0 <= position.batch < len(self):
            required = f"a batch from 0 to {len(self) - 1}"
            raise ArgumentError("position", required=required, got=position)
        order = self._epoch_order(position.epoch)  # type: ignore[attr-defined]
        start = position.batch * self.batch_size
        return np.array_split(order[start : start + self.batch_size], self.hosts)[self.host]

    def at(self, position: Position) -> tuple[np.ndarray, ...]:
        """This host's part of the batch at ``position``, one array for each field."""
        return self.source.take(self.rows(position))

    def after(self, position: Position) -> Position:
        """The position that follows, over the end of the epoch."""
        last = position.batch + 1 >= len(self)
        return (
            Position(position.epoch + 1, 0) if last else position._replace(batch=position.batch + 1)
        )
