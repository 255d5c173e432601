"""The balancer: takes requests, sends each to a replica, and to another where that one dies.

A request is accepted once its body has been read whole. From then on it is answered: where a
replica breaks the connection or is shutting down before it has answered, the request goes to
another one, and waits for one where there is none. That is safe because inference changes
nothing: to compute an answer twice is to compute it once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, runtime_checkable

from labkit.serve.answer import Answer, RefusedError, json_answer
from labkit.serve.body import read_body
from labkit.serve.policies import POLICIES, Choice
from labkit.serve.settings import Settings
from labkit.serve.upstream import Upstream
from labkit.serve.wire import ResponseReader, request_bytes

__all__ = ["Balancer", "Replicas"]

#: Headers that belong to one connection, not to the message (RFC 9110, section 7.6.1).
_HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"content-length", b"host"}
_HOP_BY_HOP |= {b"te", b"trailer", b"upgrade", b"expect", b"date"}


@runtime_checkable
class Replicas(Protocol):
    """Who tells the balancer which replicas answer now."""

    def ports(self) -> list[int]:
        """Of the replicas that are up."""

    def report(self) -> list[dict[str, Any]]:
        """Of all of them, for people."""


class Balancer:
    """An ASGI application before several replicas.

    Args:
        replicas: tells the ports that are up.
        policy: which of them a request goes to.
        settings: bounds of the body; ``max_queue`` bounds the requests in hand.
        patience_s: how long an accepted request waits for a replica to come back.
        answer_timeout_s: how long one replica may take for one request.
        seed: of the policy's random numbers.
    """

    def __init__(
        self,
        replicas: Replicas,
        settings: Settings | None = None,
        *,
        policy: Choice = POLICIES["power_of_two"],
        patience_s: float = 30.0,
        answer_timeout_s: float = 30.0,
        seed: int = 0,
    ) -> None:
        self._replicas, self._policy = replicas, policy
        self._settings = settings or Settings()
        self._patience_s, self._answer_timeout_s = patience_s, answer_timeout_s
        self._random, self._turn = random.Random(seed), 0
        self._upstreams: dict[int, Upstream] = {}
        self._in_hand = 0
        self.resent = 0

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            self.close()
            return
        try:
            answer = await self._answer(scope, receive)
        except RefusedError as refusal:
            answer = refusal.answer()
        start = {"type": "http.response.start", "status": answer.status}
        await send(start | {"headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})

    def close(self) -> None:
        """Close the connections to the replicas; call it on the event loop."""
        for upstream in self._upstreams.values():
            upstream.close()

    async def _answer(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    ) -> Answer:
        if scope["path"] == "/replicas":
            return json_answer(
                {
                    "replicas": self._replicas.report(),
                    "in_hand": self._in_hand,
                    "resent": self.resent,
                }
            )
        if scope["path"] == "/v2/health/live":
            return json_answer({"live": True})
        if self._in_hand >= self._settings.max_queue:
            raise RefusedError(429, f"{self._in_hand} requests are in hand", retry_after="1")
        self._in_hand += 1
        try:
            request = await self._read(scope, receive)
            return _relayed(await self._send_on(request))
        finally:
            self._in_hand -= 1

    async def _read(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    ) -> bytes:
        """The whole request, as it will be sent on."""
        headers = dict(scope["headers"])
        length = headers.get(b"content-length")
        body = await read_body(
            receive,
            None if length is None else length.decode("latin-1"),
            max_bytes=self._settings.max_body_bytes,
            timeout_s=self._settings.body_timeout_s,
        )
        kept = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in _HOP_BY_HOP
        ]
        path = scope["raw_path"].decode("latin-1")
        return request_bytes(scope["method"], path, kept, body)

    async def _send_on(self, request: bytes) -> ResponseReader:
        """Until a replica has answered, or patience has run out."""
        until_s = time.monotonic() + self._patience_s
        while time.monotonic() < until_s:
            upstream = self._choose()
            if upstream is None:
                await asyncio.sleep(0.02)
                continue
            try:
                reader = await upstream.exchange(request, timeout_s=self._answer_timeout_s)
            except TimeoutError:
                raise RefusedError(504, "the replica did not answer in time") from None
            except (OSError, EOFError):
                reader = None
            if reader is not None and reader.status != 503:
                return reader
            self.resent += 1
            await asyncio.sleep(0.005)
        raise RefusedError(503, "no replica is up", retry_after="1")

    def _choose(self) -> Upstream | None:
        ports = self._replicas.ports()
        for gone in set(self._upstreams) - set(ports):
            self._upstreams.pop(gone).close()
        if not ports:
            return None
        known = [self._upstreams.setdefault(port, Upstream(port)) for port in ports]
        chosen = self._policy([each.in_hand for each in known], self._turn, self._random)
        self._turn += 1
        return known[chosen]


def _relayed(reader: ResponseReader) -> Answer:
    body = reader.body
    headers = [pair for pair in reader.headers if pair[0] not in _HOP_BY_HOP]
    headers.append((b"content-length", str(len(body)).encode()))
    return Answer(reader.status, tuple(headers), body)
