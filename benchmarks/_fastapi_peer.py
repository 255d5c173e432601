"""The peer: FastAPI and ONNX Runtime with dynamic batching, as a careful user writes it.

``python -m benchmarks._fastapi_peer MODEL.onnx MAX_BATCH MAX_WAIT_S`` serves ``POST /infer`` with
the raw bytes of one image, and says its port on standard output as labkit's servers do.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, Request, Response

MODEL, MAX_BATCH, MAX_WAIT_S = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
waiting: asyncio.Queue[tuple[np.ndarray, asyncio.Future[np.ndarray]]] = asyncio.Queue(256)
pool = ThreadPoolExecutor(1)


def compute(rows: list[np.ndarray]) -> np.ndarray:
    return session.run(None, {session.get_inputs()[0].name: np.stack(rows)})[0]


async def work() -> None:
    loop = asyncio.get_running_loop()
    while True:
        batch = [await waiting.get()]
        until = time.perf_counter() + MAX_WAIT_S
        while len(batch) < MAX_BATCH:
            if not waiting.empty():
                batch.append(waiting.get_nowait())
                continue
            left = until - time.perf_counter()
            if left <= 0:
                break
            try:
                batch.append(await asyncio.wait_for(waiting.get(), left))
            except TimeoutError:
                break
        answers = await loop.run_in_executor(pool, compute, [row for row, _ in batch])
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)


@asynccontextmanager
async def lifespan(_: FastAPI):
    task = asyncio.create_task(work())
    yield
    task.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/infer")
async def infer(request: Request) -> Response:
    row = np.frombuffer(await request.body(), np.float32).reshape(32, 32, 3)
    future: asyncio.Future[np.ndarray] = asyncio.get_running_loop().create_future()
    await waiting.put((row, future))
    return Response((await future).tobytes(), media_type="application/octet-stream")


if __name__ == "__main__":
    compute([np.zeros((32, 32, 3), np.float32)] * MAX_BATCH)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(1024)
    print(json.dumps({"port": bound.getsockname()[1]}), flush=True)
    config = uvicorn.Config(app, log_level="error", access_log=False, http="httptools", ws="none")
    uvicorn.Server(config).run(sockets=[bound])
