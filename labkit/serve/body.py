"""Read a request's body, but not more than is bearable, nor for longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from labkit.serve.answer import RefusedError

__all__ = ["read_body"]


async def read_body(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    content_length: str | None,
    *,
    max_bytes: int,
    timeout_s: float,
) -> bytes:
    """The whole body of an ASGI request.

    Args:
        receive: ASGI's channel.
        content_length: the header, where there is one; a body announced as too long is refused
            before it is read.
        max_bytes: of the body.
        timeout_s: until its last byte.

    Raises:
        RefusedError: 413 too long, 408 too slow, 400 the client is gone or the header wrong.
    """
    too_long = RefusedError(413, f"the body is longer than {max_bytes} bytes", connection="close")
    if content_length is not None:
        if not (content_length.isascii() and content_length.isdecimal()):
            raise RefusedError(400, "Content-Length is not a number", connection="close")
        if len(content_length) > 18 or int(content_length) > max_bytes:
            raise too_long
    parts: list[bytes] = []
    count, more = 0, True
    try:
        async with asyncio.timeout(timeout_s):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedError(400, "the client went away", connection="close")
                parts.append(message.get("body", b""))
                count += len(parts[-1])
                if count > max_bytes:
                    raise too_long
                more = message.get("more_body", False)
    except TimeoutError:
        message_text = f"the body did not arrive within {timeout_s:g} s"
        raise RefusedError(408, message_text, connection="close") from None
    return b"".join(parts)
