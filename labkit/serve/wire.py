"""HTTP/1.1 from the client's side: a request as bytes, a response as it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["ResponseReader", "request_bytes"]


def request_bytes(
    method: str,
    path: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    body: bytes = b"",
) -> bytes:
    """A request as it goes over the wire, on a connection that stays open.

    Example:
        >>> request_bytes("GET", "/v2", {}).splitlines()[0]
        b'GET /v2 HTTP/1.1'
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in pairs]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class ResponseReader:
    """Parses the responses that come over one connection, one after the other.

    Attributes:
        done: whether a response is complete.
        begun: whether any byte of it has come.
        status, headers, body: of it.
        keep_alive: whether the connection may be used again.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Make ready for the next response."""
        import httptools

        self._parser: Any = httptools.HttpResponseParser(self)
        self.done = self.begun = False
        self.status, self.keep_alive = 0, True
        self.headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []

    @property
    def body(self) -> bytes:
        """The response's body."""
        return b"".join(self._parts)

    def feed(self, data: bytes) -> bool:
        """Take what came; True once the response is complete."""
        self.begun = True
        self._parser.feed_data(data)
        return self.done

    def header(self, name: bytes) -> str:
        """One header, its name in lower case; "" where there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    # What httptools calls.
    def on_header(self, name: bytes, value: bytes) -> None:
        """A header came."""
        self.headers.append((name.lower(), value))

    def on_body(self, part: bytes) -> None:
        """A part of the body came."""
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """The response is whole."""
        self.status = self._parser.get_status_code()
        self.keep_alive = self._parser.should_keep_alive()
        self.done = True
