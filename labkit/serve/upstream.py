"""The balancer's connections to one replica: opened when needed, used again, bounded in time."""

from __future__ import annotations

import asyncio
from collections import deque

from labkit.serve.wire import ResponseReader

__all__ = ["Upstream"]


class Upstream:
    """A replica seen from the balancer.

    Attributes:
        port: it answers on.
        in_hand: requests sent to it and not yet answered.
    """

    def __init__(self, port: int) -> None:
        self.port, self.in_hand = port, 0
        self._idle: deque[_Connection] = deque()

    async def exchange(self, request: bytes, *, timeout_s: float) -> ResponseReader:
        """Send a request and read its whole response.

        Raises:
            OSError: the replica cannot be reached, or broke the connection before it had answered.
            TimeoutError: it did not answer in time.
        """
        self.in_hand += 1
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(request)
        finally:
            self.in_hand -= 1

    async def _exchange(self, request: bytes) -> ResponseReader:
        connection = self._take() or await _connect(self.port)
        try:
            reader = await connection.exchange(request)
        except BaseException:
            connection.close()
            raise
        if reader.keep_alive and not connection.closed:
            self._idle.append(connection)
        else:
            connection.close()
        return reader

    def _take(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        return None

    def close(self) -> None:
        """Close what idles."""
        while self._idle:
            self._idle.pop().close()


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[ResponseReader] | None = None
        self._reader = ResponseReader()
        self.closed = False

    async def exchange(self, request: bytes) -> ResponseReader:
        if self._transport is None or self.closed:
            raise ConnectionResetError("the replica closed the connection")
        self._reader = ResponseReader()
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._answered is None or self._answered.done():
            self.close()  # nothing was asked
        elif self._reader.feed(data):
            self._answered.set_result(self._reader)

    def connection_lost(self, _: Exception | None) -> None:
        self.closed = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError("the replica broke the connection"))


async def _connect(port: int) -> _Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
    return connection
