"""Dynamic batching for real: one thread that takes what has come and computes it at once.

The rule is the one that ``simulate.batching`` simulates: a batch leaves when it is full, or when
its first request has waited ``max_wait_s``, or later, when the engine is free.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from labkit.serve.answer import RefusedError
from labkit.serve.engine import Engine

__all__ = ["Batcher", "Computed"]


class Computed(NamedTuple):
    """A request's output, and where its time went.

    Attributes:
        rows: the output.
        queue_s: until its batch began.
        engine_s: that the engine took.
        batch_rows: computed with it.
        late_s: of ``queue_s``, what the rule does not ask for: the batch was due and the engine
            free, but the thread had not come to it yet.
    """

    rows: np.ndarray
    queue_s: float
    engine_s: float
    batch_rows: int
    late_s: float = 0.0


class _Waiting(NamedTuple):
    rows: np.ndarray
    came_s: float
    future: asyncio.Future[Computed]
    loop: asyncio.AbstractEventLoop


class Batcher:
    """A queue of requests before one engine; requests come from event loops, answers go back.

    Args:
        engine: computes the batches, on a thread of the batcher's own.
        max_batch: rows of a batch at most.
        max_wait_s: how long the first of a batch waits for others while the engine is free.
        max_queue: rows that may wait.
        observe: is told ``(rows in the batch, seconds it took)`` on the batcher's thread.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        max_batch: int = 16,
        max_wait_s: float = 0.002,
        max_queue: int = 256,
        observe: Callable[[int, float], None] = lambda _rows, _seconds: None,
    ) -> None:
        self._engine, self._observe = engine, observe
        self._max_batch, self._max_wait_s, self._max_queue = max_batch, max_wait_s, max_queue
        self._waiting: deque[_Waiting] = deque()
        self._queued = 0
        self._closed = False
        self._row_s = 0.0  # what a row took lately, for Retry-After
        self._free_s = 0.0  # since when the engine is free
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """Rows that wait."""
        return self._queued

    def submit(self, rows: np.ndarray) -> asyncio.Future[Computed]:
        """Queue a request; call it on a running event loop.

        Raises:
            RefusedError: 429 where too many rows wait; 503 after :meth:`close`.
        """
        loop = asyncio.get_running_loop()
        item = _Waiting(rows, time.perf_counter(), loop.create_future(), loop)
        with self._changed:
            if self._closed:
                raise RefusedError(503, "the server is shutting down", retry_after="1")
            if self._waiting and self._queued + len(rows) > self._max_queue:
                seconds = str(max(1, math.ceil(self._queued * self._row_s)))
                raise RefusedError(
                    429, f"{self._queued} rows wait already: try again later", retry_after=seconds
                )
            was_empty = not self._waiting
            self._waiting.append(item)
            self._queued += len(rows)
            if was_empty or self._queued >= self._max_batch:
                self._changed.notify()
        return item.future

    def close(self) -> None:
        """Compute what waits, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._take():
            start_s = time.perf_counter()
            late_s = start_s - max(self._free_s, self._due_s(batch))
            inputs = [item.rows for item in batch]
            count = sum(map(len, inputs))
            failure: Exception | None = None
            outputs = np.empty(0)
            try:
                outputs = self._engine(np.concatenate(inputs) if len(inputs) > 1 else inputs[0])
                if len(outputs) != count:
                    failure = RuntimeError(f"the engine gave {len(outputs)} rows for {count}")
            except Exception as error:  # the engine's fault must not end the thread
                failure = error
            self._free_s = time.perf_counter()
            took_s = self._free_s - start_s
            self._row_s = took_s / count
            self._observe(count, took_s)
            self._give_back(batch, outputs, failure, start_s, took_s, late_s)

    def _take(self) -> list[_Waiting]:
        """The next batch; empty once closed and nothing waits."""
        with self._changed:
            while True:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._fill()
                batch = self._pop()
                if batch or self._closed:
                    return batch

    def _fill(self) -> None:
        """Wait until the batch is full or its first request has waited long enough."""
        while self._waiting and self._queued < self._max_batch and not self._closed:
            left_s = self._waiting[0].came_s + self._max_wait_s - time.perf_counter()
            if left_s <= 0:
                return
            self._changed.wait(left_s)

    def _pop(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        count = 0
        while self._waiting:
            size = len(self._waiting[0].rows)
            if batch and count + size > self._max_batch:
                break
            item = self._waiting.popleft()
            self._queued -= size
            if not item.future.cancelled():
                batch.append(item)
                count += size
        return batch

    def _due_s(self, batch: list[_Waiting]) -> float:
        """When the rule lets it leave: once it was full, or its first request had waited."""
        due_s, count = batch[0].came_s + self._max_wait_s, 0
        for item in batch:
            count += len(item.rows)
            if count >= self._max_batch:
                return min(due_s, item.came_s)
        return due_s

    @staticmethod
    def _give_back(
        batch: list[_Waiting],
        outputs: np.ndarray,
        failure: Exception | None,
        start_s: float,
        took_s: float,
        late_s: float,
    ) -> None:
        results: list[tuple[asyncio.Future[Computed], Computed]] = []
        at = 0
        total = sum(len(item.rows) for item in batch)
        for item in batch:
            rows = outputs[at : at + len(item.rows)]
            at += len(item.rows)
            computed = Computed(rows, start_s - item.came_s, took_s, total, max(late_s, 0.0))
            results.append((item.future, computed))

        def deliver() -> None:
            for future, computed in results:
                if future.done():
                    continue
                if failure is None:
                    future.set_result(computed)
                else:
                    future.set_exception(failure)

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            batch[0].loop.call_soon_threadsafe(deliver)
