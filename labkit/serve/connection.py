"""One connection of the server, bounded: in number, in the length of a head, and in time.

uvicorn bounds how long a connection may idle between requests. What it leaves open is closed
here: a client that never begins, one that never finishes its head, one that does not read its
answer, a head without end, and more connections than the server can hold.

A connection that has not begun a request idles, and is closed without a word: an answer to no
question would be taken for the answer to the next one.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from labkit.serve.settings import Settings

__all__ = ["bounded"]


def bounded(settings: Settings) -> type[asyncio.Protocol]:
    """The class of a connection with the bounds of ``settings``, for ``uvicorn.Config(http=)``."""

    class Bounded(_Bounded):
        pass

    Bounded.settings = settings
    return Bounded


class _Bounded(HttpToolsProtocol):
    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head, self._head_bytes = True, 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.settings.max_connections:
            self._refuse(503, "Service Unavailable", b"retry-after: 1\r\n")
            return
        self._head_timer = self.loop.call_later(self.settings.idle_timeout_s, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > self.settings.max_header_bytes:
                self._refuse(431, "Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._await_head()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(
            self.settings.write_timeout_s, self.transport.abort
        )

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _await_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._head_timer = self.loop.call_later(
            self.settings.head_timeout_s, self._refuse, 408, "Request Timeout"
        )

    def _hang_up(self) -> None:
        self._stop_timers()
        self.transport.close()

    def _refuse(self, status: int, reason: str, headers: bytes = b"") -> None:
        """A last word, written even where the client reads nothing."""
        self._stop_timers()
        self.transport.write(
            f"HTTP/1.1 {status} {reason}\r\ncontent-length: 0\r\nconnection: close\r\n".encode()
            + headers
            + b"\r\n"
        )
        self.transport.close()

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._write_timer = None
