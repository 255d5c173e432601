"""Ask an ASGI application in this process, and run one on a port in a thread."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager

import numpy as np

from labkit import serve
from labkit.export import Manifest, TensorSpec
from labkit.serve.server import listen, make_server

MODEL = Manifest(
    "scale", "3", TensorSpec("x", "FP32", (2, 3)), TensorSpec("y", "FP32", (2, 3)), (1, 2, 4)
)
INFER = "/v2/models/scale/infer"


def double(rows):
    return 2 * rows


def scale_app(settings=None, engine=double, **options) -> serve.App:
    return serve.App(MODEL, serve.FunctionEngine(engine), settings, **options)


async def ask(app, method, path, body=b"", headers=(), parts=None):
    """Status, headers (a dict) and body of the answer."""
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in dict(headers).items()],
    }  # fmt: skip
    parts = [body] if parts is None else list(parts)
    sent = []

    async def receive():
        part = parts.pop(0)
        if callable(part):
            return await part()
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    answer = b"".join(m.get("body", b"") for m in sent[1:])
    return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}, answer


def infer_json(rows, **more) -> bytes:
    rows = np.asarray(rows, np.float32)
    tensor = {"name": "x", "datatype": "FP32", "shape": list(rows.shape), "data": rows.tolist()}
    return json.dumps({"inputs": [tensor], **more}).encode()


def run(*calls):
    """Run coroutines at once on one loop; their results."""

    async def together():
        return await asyncio.gather(*calls)

    return asyncio.run(together())


def until(condition, timeout_s=240.0):
    """Wait for something that happens on another thread; fail loudly if it never does."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@contextmanager
def on_a_port(app, settings=None):
    """The application behind uvicorn on a loopback port; yields the port and the server."""
    server = make_server(app, settings or serve.Settings())
    bound = listen()
    thread = threading.Thread(target=lambda: server.run(sockets=[bound]))
    thread.start()
    try:
        until(lambda: server.started)
        yield bound.getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
