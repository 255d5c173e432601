"""The server as an ASGI application.

The routes of the Open Inference Protocol, and around them what a service needs: limits, a cache,
batching, refusals, metrics and logs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import numpy as np

from labkit import __version__
from labkit.export import Manifest
from labkit.serve.answer import Answer, RefusedError, json_answer
from labkit.serve.batcher import Batcher, Computed
from labkit.serve.body import read_body
from labkit.serve.cache import ResponseCache
from labkit.serve.drift import DriftMonitor
from labkit.serve.engine import Engine
from labkit.serve.logs import LOGGER
from labkit.serve.metrics import Metrics
from labkit.serve.settings import Settings
from labkit.serve.v2 import JSON_LENGTH, Asked, model_metadata, read_request, write_answer

__all__ = ["App"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Scope: TypeAlias = MutableMapping[str, Any]


class App:
    """One model, served.

    Args:
        manifest: its names, types and shapes.
        engine: computes its answers.
        settings: the bounds.
        drift: watches inputs and predictions; optional.

    Example:
        >>> from labkit.export import TensorSpec
        >>> from labkit.serve.engine import FunctionEngine
        >>> pair = TensorSpec("x", "FP32", (2,))
        >>> app = App(Manifest("double", "1", pair, pair, (1,)), FunctionEngine(lambda x: 2 * x))
        >>> app.ready
        True
        >>> app.close()
    """

    def __init__(
        self,
        manifest: Manifest,
        engine: Engine,
        settings: Settings | None = None,
        *,
        drift: DriftMonitor | None = None,
    ) -> None:
        self.manifest, self.engine, self.settings = manifest, engine, settings or Settings()
        self.drift = drift
        self.metrics = Metrics(lambda: self._batcher.queued)
        self._cache = ResponseCache(self.settings.cache_bytes)
        self._batcher = Batcher(
            engine,
            max_batch=self.settings.max_batch,
            max_wait_s=self.settings.max_wait_s,
            max_queue=self.settings.max_queue,
            observe=self.metrics.batch,
        )
        self._draining = False
        self._routes = self._make_routes()

    @property
    def ready(self) -> bool:
        """Whether new requests are taken."""
        return not self._draining

    def drain(self) -> None:
        """Take no new request; those in flight are answered."""
        self._draining = True

    def close(self) -> None:
        """Drain, and stop the engine once nothing waits."""
        self.drain()
        self._batcher.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        start_s = time.perf_counter()
        try:
            answer = await self._answer(scope, receive)
        except RefusedError as refusal:
            answer = refusal.answer()
        except asyncio.CancelledError:
            raise
        except Exception:
            LOGGER.exception("failure", extra={"fields": {"path": scope["path"]}})
            answer = json_answer({"error": "the server failed; its log says why"}, 500)
        await _send(send, answer)
        seconds = time.perf_counter() - start_s
        self.metrics.request(answer.status, seconds)
        self._log(scope, answer, seconds)

    def _make_routes(self) -> dict[str, tuple[str, Callable[[], Answer] | None]]:
        """Path to (method, what answers it); None for inference, which reads a body."""
        model = f"/v2/models/{self.manifest.name}"
        metadata = model_metadata(self.manifest, f"labkit_{self.engine.name}")
        about = {"name": "labkit", "version": __version__, "extensions": ["binary_tensor_data"]}
        routes: dict[str, tuple[str, Callable[[], Answer] | None]] = {
            "/v2": ("GET", lambda: json_answer(about)),
            "/v2/health/live": ("GET", lambda: json_answer({"live": True})),
            "/v2/health/ready": ("GET", self._say_ready),
            "/metrics": ("GET", self._say_metrics),
        }
        if self.drift is not None:
            routes[f"{model}/drift"] = ("GET", self._say_drift)
        for root in (model, f"{model}/versions/{self.manifest.version}"):
            routes[root] = ("GET", lambda: json_answer(metadata))
            routes[f"{root}/ready"] = ("GET", self._say_ready)
            routes[f"{root}/infer"] = ("POST", None)
        return routes

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path = scope["path"].rstrip("/")
        if path not in self._routes:
            raise RefusedError(
                404, f"there is no {path[:200]!r}; the model is {self.manifest.name!r}"
            )
        method, plain = self._routes[path]
        if scope["method"] not in (method, "HEAD" if method == "GET" else method):
            raise RefusedError(405, f"{path} takes {method}", allow=method)
        if plain is not None:
            return plain()
        if self._draining:
            raise RefusedError(
                503, "the server is shutting down", retry_after="1", connection="close"
            )
        return await self._infer(scope, receive)

    async def _infer(self, scope: Scope, receive: Receive) -> Answer:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(415, "a compressed body is not taken", accept_encoding="identity")
        body = await read_body(
            receive,
            headers.get("content-length"),
            max_bytes=self.settings.max_body_bytes,
            timeout_s=self.settings.body_timeout_s,
        )
        asked = read_request(
            body,
            self.manifest,
            json_length=headers.get(JSON_LENGTH),
            max_rows=self.settings.max_batch,
        )
        computed = await self._compute(asked.rows)
        return _noted(write_answer(computed.rows, asked, self.manifest), asked, computed)

    async def _compute(self, rows: np.ndarray) -> Computed:
        """From the cache, else from the engine."""
        key = self._cache.key(rows) if self.settings.cache_bytes else b""
        if key:
            known = self._cache.get(key)
            self.metrics.cache(known is not None)
            if known is not None:
                return Computed(known, 0.0, 0.0, 0)
        computed = await self._batcher.submit(rows)
        if key:
            self._cache.put(key, computed.rows)
        if self.drift is not None and (report := self.drift.observe(rows, computed.rows)):
            for feature in report.features:
                self.metrics.drift(feature.name, feature.psi)
            if report.alert:
                LOGGER.warning("drift", extra={"fields": report.as_fields()})
        return computed

    def _say_ready(self) -> Answer:
        if self._draining:
            raise RefusedError(503, "the server is shutting down", retry_after="1")
        return json_answer({"name": self.manifest.name, "ready": True})

    def _say_metrics(self) -> Answer:
        page, kind = self.metrics.page()
        length = (b"content-length", str(len(page)).encode())
        return Answer(200, ((b"content-type", kind.encode()), length), page)

    def _say_drift(self) -> Answer:
        last = self.drift.last if self.drift is not None else None
        return json_answer(last.as_fields() if last is not None else {"alert": False})

    def _log(self, scope: Scope, answer: Answer, seconds: float) -> None:
        if LOGGER.isEnabledFor(logging.INFO):
            fields = {"method": scope["method"], "path": scope["path"], "status": answer.status}
            fields |= {"seconds": round(seconds, 6), **answer.note}
            LOGGER.info("request", extra={"fields": fields})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self.close)
                await send({"type": "lifespan.shutdown.complete"})
                return


def _noted(answer: Answer, asked: Asked, computed: Computed) -> Answer:
    """The answer with its times: in the header ``Server-Timing``, and for the log.

    Source: W3C, Server Timing, https://www.w3.org/TR/server-timing/
    """
    note: dict[str, Any] = {
        "rows": len(asked.rows),
        "batch_rows": computed.batch_rows,
        "queue_s": round(computed.queue_s, 6),
        "engine_s": round(computed.engine_s, 6),
    }
    note |= {"id": asked.id} if asked.id else {}
    timing = (
        f"queue;dur={1e3 * computed.queue_s:.3f}, engine;dur={1e3 * computed.engine_s:.3f}, "
        f"late;dur={1e3 * computed.late_s:.3f}, batch;desc={computed.batch_rows}"
    )
    return answer._replace(
        headers=(*answer.headers, (b"server-timing", timing.encode())), note=note
    )


async def _send(send: Send, answer: Answer) -> None:
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)}
    )
    await send({"type": "http.response.body", "body": answer.body})
