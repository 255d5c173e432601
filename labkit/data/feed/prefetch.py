"""Batches read and sent to the device by a thread, while the step before them still runs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from types import TracebackType

import jax
import numpy as np
from jax import Array

from labkit.data.feed.batches import Batches, Position
from labkit.errors import ArgumentError

__all__ = ["Feed"]

_POLL_S = 0.1


class Feed:
    """Batches on the device, read ahead by a thread.

    ``position`` is that of the next batch the caller will get, whatever the thread has read
    ahead. Saved after a step and given to a new feed, it goes on with the very next batch.

    Args:
        batches: what to feed.
        position: where to begin; from a checkpoint, or the first batch.
        epochs: stop before this epoch number; ``None`` for no end.
        ahead: how many batches may wait on the device.
        sharding: how a batch lies over the devices of all hosts; ``None`` for the default
            device of this host.

    Example:
        >>> from labkit.data.feed import ArraySource, InOrder
        >>> batches = Batches(ArraySource(np.arange(6)), 2, InOrder(6))
        >>> with Feed(batches, epochs=1) as feed:
        ...     for (numbers,) in feed:
        ...         print(numbers, feed.position)
        [0 1] Position(epoch=0, batch=1)
        [2 3] Position(epoch=0, batch=2)
        [4 5] Position(epoch=1, batch=0)
    """

    def __init__(
        self,
        batches: Batches,
        *,
        position: Position | tuple[int, int] = (0, 0),
        epochs: int | None = None,
        ahead: int = 2,
        sharding: jax.sharding.Sharding | None = None,
    ) -> None:
        if ahead < 1:
            raise ArgumentError("ahead", required="at least 1", got=ahead)
        self.position = Position(*position)
        self._batches, self._epochs, self._sharding = batches, epochs, sharding
        self._ready: queue.Queue[tuple[Array, ...] | BaseException | None] = queue.Queue(ahead)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read_ahead, args=(self.position,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        return self

    def __next__(self) -> tuple[Array, ...]:
        item = None if self._closed.is_set() else self._ready.get()
        if item is None or isinstance(item, BaseException):
            self.close()
            raise StopIteration if item is None else item
        self.position = self._batches.after(self.position)
        return item

    def epoch(self) -> Iterator[tuple[Array, ...]]:
        """What is left of the current epoch."""
        number = self.position.epoch
        while self.position.epoch == number and (batch := next(self, None)) is not None:
            yield batch

    def close(self) -> None:
        """Stop the thread and let go of the batches that wait."""
        self._closed.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join()

    def __enter__(self) -> Feed:  # noqa: PYI034  (the shape checker knows no Self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_ahead(self, position: Position) -> None:
        try:
            while self._epochs is None or position.epoch < self._epochs:
                if not self._offer(tuple(map(self._put, self._batches.at(position)))):
                    return
                position = self._batches.after(position)
            self._offer(None)
        except BaseException as error:  # handed to the caller, who is in another thread
            self._offer(error)

    def _put(self, array: np.ndarray) -> Array:
        if self._sharding is None:
            return jax.device_put(array)
        return jax.make_array_from_process_local_data(self._sharding, array)

    def _offer(self, item: tuple[Array, ...] | BaseException | None) -> bool:
        """Wait for room; False when the feed was closed meanwhile."""
        while not self._closed.is_set():
            try:
                self._ready.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False
