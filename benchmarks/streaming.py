"""Train an epoch on 4 GB of images from disk, and watch the memory of the process."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np
import psutil

from benchmarks._harness import Row, main
from labkit.data import feed
from labkit.data.prepare.images import normalise

GIGABYTES = float(os.environ.get("STREAMING_GIGABYTES", "4"))
BATCH, IMAGE = 512, (32, 32, 3)


def generate(folder: Path, images: int) -> tuple[Path, Path]:
    """Noise whose brightness tells its class, written chunk by chunk."""
    paths = folder / "images.npy", folder / "labels.npy"
    labels = np.random.default_rng(0).integers(0, 10, images).astype(np.int32)

    def chunks() -> Iterator[np.ndarray]:
        generator = np.random.default_rng(1)
        for start in range(0, images, 8192):
            own = labels[start : start + 8192]
            noise = generator.integers(0, 128, (len(own), *IMAGE), dtype=np.uint8)
            yield noise + (12 * own[:, None, None, None]).astype(np.uint8)

    feed.write_npy(paths[0], chunks(), shape=(images, *IMAGE), dtype=np.uint8)
    feed.write_npy(paths[1], [labels], shape=(images,), dtype=np.int32)
    return paths


class PeakMemory:
    """The largest resident memory while the block runs, read every 10 ms."""

    def __enter__(self) -> Self:
        self.peak_bytes, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._over.wait(0.01):
            self.peak_bytes = max(self.peak_bytes, process.memory_info().rss)


@jax.jit
def step(weights: jax.Array, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One step of gradient descent of a linear classifier."""

    def loss(weights: jax.Array) -> jax.Array:
        pixels = normalise(images, 0.45, 0.2).reshape(len(images), -1)
        pixels = jnp.concatenate([pixels, jnp.ones((len(images), 1))], axis=1)
        own = jax.nn.log_softmax(pixels @ weights)[jnp.arange(len(images)), labels]
        return -own.mean()

    value, gradient = jax.value_and_grad(loss)(weights)
    return weights - 3e-3 * gradient, value


def train_epoch(paths: tuple[Path, Path]) -> tuple[int, float]:
    """One epoch in an order that shuffles blocks; the batches seen and the last mean loss."""
    source = feed.NpySource(*paths)
    batches = feed.Batches(source, BATCH, feed.BlockShuffled(len(source), block=1024))
    weights, losses = jnp.zeros((np.prod(IMAGE) + 1, 10)), []
    with feed.Feed(batches, epochs=1) as stream:
        for images, labels in stream:
            weights, loss = step(weights, images, labels)
            losses.append(loss)
    return len(losses), float(jnp.stack(losses[-100:]).mean())


def rows() -> Iterator[Row]:
    """Generate, train, and report the peak against the goal of 1 GB."""
    images = int(GIGABYTES * 1e9 / np.prod(IMAGE)) // BATCH * BATCH
    with tempfile.TemporaryDirectory(dir=os.environ.get("STREAMING_FOLDER")) as folder:
        paths = generate(Path(folder), images)
        start = time.perf_counter()
        with PeakMemory() as memory:
            batches, loss = train_epoch(paths)
        seconds = time.perf_counter() - start
        detail = {
            "file GB": paths[0].stat().st_size / 1e9,
            "batches": float(batches),
            "GB/s": paths[0].stat().st_size / 1e9 / seconds,
            "last loss": loss,
        }
    yield Row("streaming, peak GB", "", memory.peak_bytes / 1e9, 1.0, "lower", detail)


if __name__ == "__main__":
    main(rows, title="Streaming from disk")
