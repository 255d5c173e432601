"""The load generator's connections: one thread sends, one receives.

Two threads and plain sockets, because an event loop's timers are whole milliseconds, and a
generator that is a millisecond late would measure its own lateness.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence

import numpy as np

from labkit.serve.wire import ResponseReader

__all__ = ["Clients"]

#: A connection that idled longer is not used again: the server may be closing it just then, and
#: the request would be lost on the way. Below every usual server's patience (uvicorn's is 5 s).
IDLE_S = 2.0


class _Client:
    """A connection.

    Attributes:
        request: that waits for its answer on it; -1 for none.
        rested_s: when it last became free.
        gone: whether it was dropped.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10.0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = ResponseReader()
        self.request, self.rested_s, self.gone = -1, time.perf_counter(), False

    def retire(self) -> None:
        """End it; the receiver sees the end, and drops it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class Clients:
    """Up to ``most`` connections to one address, each with one request at a time.

    Attributes:
        ended_s: when request ``i`` was answered, by ``time.perf_counter``; NaN where it was not.
        status: of the answers; 0 where none came.
        timings: the header ``Server-Timing`` of the answers.
    """

    def __init__(
        self, address: tuple[str, int], requests: Sequence[bytes], count: int, *, most: int
    ) -> None:
        self._address, self._requests, self._most = address, requests, most
        self.ended_s = np.full(count, np.nan)
        self.status = np.zeros(count, int)
        self.timings = [""] * count
        self._left = count
        self._free: deque[_Client] = deque()
        self._waiting: deque[int] = deque()
        self._open = 0
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self._closing = False
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        for _ in range(min(8, most)):
            self._free.append(self._connect())

    def send(self, i: int) -> None:
        """Send request ``i`` over a free connection, a new one, or the first that gets free."""
        with self._lock:
            client = self._take()
            if client is None and self._open >= self._most:
                self._waiting.append(i)
                return
        if client is None:
            try:
                client = self._connect()
            except OSError:
                self._end(i, 0, "")
                return
        self._send(client, i)

    def wait(self, timeout_s: float) -> None:
        """Until every request is answered or lost, at most ``timeout_s``."""
        self._finished.wait(timeout_s)

    def close(self) -> None:
        """End the receiver."""
        self._closing = True
        self._wake.send(b"x")

    def receive(self) -> None:
        """The receiver's thread: until :meth:`close`."""
        while not self._closing:
            for key, _ in self._selector.select(1.0):
                if key.data is not None:
                    self._read(key.data)
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                key.data.socket.close()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _take(self) -> _Client | None:
        """The free connection that was used last, unless it idled too long; with the lock held."""
        if not self._free:
            return None
        client = self._free.pop()
        if time.perf_counter() - client.rested_s <= IDLE_S:
            return client
        for stale in (client, *self._free):  # those below it have idled longer still
            stale.retire()
        self._free.clear()
        return None

    def _connect(self) -> _Client:
        client = _Client(self._address)
        with self._lock:
            self._open += 1
        self._selector.register(client.socket, selectors.EVENT_READ, client)
        return client

    def _send(self, client: _Client, i: int) -> None:
        with self._lock:
            gone = client.gone
            client.request = -1 if gone else i
        if gone:  # between its choice and now
            self.send(i)
            return
        # Where the connection breaks, the receiver sees it too, and counts the request as lost.
        with contextlib.suppress(OSError):
            client.socket.sendall(self._requests[i % len(self._requests)])

    def _read(self, client: _Client) -> None:
        try:
            data = client.socket.recv(2**18)
            done = bool(data) and client.reader.feed(data)
        except Exception:  # a broken connection, or no HTTP: either way the answer is lost
            data, done = b"", False
        if done and client.request >= 0:  # else the server says something that was not asked
            reader = client.reader
            i, client.request = client.request, -1
            self._end(i, reader.status, reader.header(b"server-timing"))
            reader.reset()
            if reader.keep_alive:
                self._next(client)
                return
        if done or not data:
            self._drop(client)

    def _next(self, client: _Client) -> None:
        with self._lock:
            if not self._waiting:
                client.rested_s = time.perf_counter()
                self._free.append(client)
                return
            i = self._waiting.popleft()
        self._send(client, i)

    def _drop(self, client: _Client) -> None:
        """The connection is gone, and a request on it lost."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.socket)
        client.socket.close()
        with self._lock:
            client.gone, lost = True, client.request
            self._open -= 1
            with contextlib.suppress(ValueError):
                self._free.remove(client)
            i = self._waiting.popleft() if self._waiting else -1
        if lost >= 0:
            self._end(lost, 0, "")
        if i >= 0:
            self.send(i)

    def _end(self, i: int, status: int, timing: str) -> None:
        if status:
            self.ended_s[i] = time.perf_counter()
        self.status[i], self.timings[i] = status, timing
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._finished.set()
