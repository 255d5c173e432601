"""How well labkit predicts time: kernels, shapes and models that calibration never saw.

Run as ``python -m benchmarks.prediction --json FILE``; with ``--groundtruth`` it holds predictions
for other devices against public tables instead (:mod:`benchmarks.published`).

Calibration and measurement take turns (a round of probes, a round of programs), and each keeps
its best round: on a shared machine whose speed changes from second to second, both then speak of
the same machine.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks._harness import Row, main
from benchmarks.published.compare import published_rows
from labkit import kernels
from labkit.perf import Calibrator, ledger, predict
from labkit.perf.calibrate import call_s

ROUNDS = 20
SLICE_S = 0.02
KEY = jax.random.key(0)

Program = tuple[Callable[..., Any], tuple[Any, ...]]


def normal(*shape: int) -> jax.Array:
    return jax.random.normal(KEY, shape) * 0.1


def kernel_programs() -> Iterator[tuple[str, Program]]:
    """Kernels, at shapes that no probe has."""
    yield "matmul 300×700×500", (kernels.matmul, (normal(300, 700), normal(700, 500)))
    yield "matmul 768", (kernels.matmul, (normal(768, 768), normal(768, 768)))
    yield "matmul 2048", (kernels.matmul, (normal(2048, 2048), normal(2048, 2048)))
    yield "dense 1×2000×1500", (kernels.dense, (normal(1, 2000), normal(2000, 1500)))
    yield "dense 50×200×96", (kernels.dense, (normal(50, 200), normal(200, 96), normal(96)))
    yield "conv 3×3, 28²×8→24", (kernels.conv2d, (normal(20, 28, 28, 8), normal(3, 3, 8, 24)))
    yield "conv 5×5, 20²×12→48", (kernels.conv2d, (normal(8, 20, 20, 12), normal(5, 5, 12, 48)))
    yield "conv 1×1, 20²×48→96", (kernels.conv2d, (normal(8, 20, 20, 48), normal(1, 1, 48, 96)))
    yield "max-pool 30²×24", (kernels.max_pool2d, (normal(32, 30, 30, 24),))
    yield "softmax 300×1000", (kernels.softmax, (normal(300, 1000),))
    yield "log-sum-exp 1000×200", (kernels.log_sum_exp, (normal(1000, 200),))
    norm = normal(1500, 192), normal(192), normal(192)
    yield "layer norm 1500×192", (kernels.layer_norm, norm)
    yield "RMS norm 1500×192", (kernels.rms_norm, norm[:2])
    qkv = (normal(6, 80, 4, 24),) * 3
    yield "attention 6×80, 4 heads", (kernels.attention, qkv)
    tokens = (jnp.arange(700) * 7919) % 5000
    yield "embedding 700 of 5000×96", (kernels.embedding, (normal(5000, 96), tokens))
    yield "GELU 700×900", (jax.nn.gelu, (normal(700, 900),))
    yield "x × 2 + y, 3 M", (lambda x, y: x * 2 + y, (normal(3000, 1000), normal(3000, 1000)))
    yield "sum of 960 k", (jnp.sum, (normal(1200, 800),))
    yield "transpose 900×1300", (lambda x: x.T * 2, (normal(900, 1300),))


def gradient_programs() -> Iterator[tuple[str, Program]]:
    """Gradients of kernels."""
    pool = jax.grad(lambda x: (kernels.max_pool2d(x) ** 2).sum())
    yield "max-pool gradient 30²×24", (pool, (normal(32, 30, 30, 24),))
    norm = jax.grad(lambda x, g, b: (kernels.layer_norm(x, g, b) ** 2).sum(), (0, 1, 2))
    yield "layer norm gradient", (norm, (normal(1500, 192), normal(192), normal(192)))
    conv = jax.grad(lambda x, w: (kernels.conv2d(x, w) ** 2).sum(), (0, 1))
    yield "conv gradients 20²×16→32", (conv, (normal(16, 20, 20, 16), normal(3, 3, 16, 32)))
    attention = jax.grad(lambda q: (kernels.attention(q, q, q) ** 2).sum())
    yield "attention gradient", (attention, (normal(6, 80, 4, 24),))


def model_programs() -> Iterator[tuple[str, Program]]:
    """Small models, forward and backward."""
    sizes = (784, 256, 128, 10)
    layers = [(normal(n, m), normal(m)) for n, m in pairwise(sizes)]
    images, labels = normal(100, 784), jax.nn.one_hot(jnp.arange(100) % 10, 10)
    yield "MLP forward, batch 1", (mlp_loss, (layers, images[:1], labels[:1]))
    yield "MLP gradient, batch 100", (jax.grad(mlp_loss), (layers, images, labels))
    filters = [normal(3, 3, 1, 16), normal(3, 3, 16, 32), normal(3, 3, 32, 32)]
    yield "CNN forward, batch 50", (cnn_loss, (filters, normal(50, 28, 28, 1)))
    yield "CNN gradient, batch 50", (jax.grad(cnn_loss), (filters, normal(50, 28, 28, 1)))
    block = {"qkvo": normal(4, 96, 96), "up": normal(96, 384), "down": normal(384, 96)}
    yield "Transformer block, 8×64", (block_loss, (block, normal(8, 64, 96)))
    yield "Transformer block gradient", (jax.grad(block_loss), (block, normal(8, 64, 96)))


def mlp_loss(layers: list[Any], x: jax.Array, y: jax.Array) -> jax.Array:
    *hidden, last = layers
    for weights, bias in hidden:
        x = jax.nn.relu(kernels.dense(x, weights, bias))
    return -(jax.nn.log_softmax(kernels.dense(x, *last)) * y).sum()


def cnn_loss(filters: list[jax.Array], x: jax.Array) -> jax.Array:
    for i, weights in enumerate(filters):
        x = jax.nn.relu(kernels.conv2d(x, weights))
        x = kernels.max_pool2d(x) if i < 2 else x
    return (x**2).sum()


def block_loss(block: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    def normed(x: jax.Array) -> jax.Array:
        return jax.nn.standardize(x)

    q, k, v = ((normed(x) @ block["qkvo"][i]).reshape(*x.shape[:2], 4, 24) for i in range(3))
    x = x + kernels.attention(q, k, v).reshape(x.shape) @ block["qkvo"][3]
    return ((x + jax.nn.gelu(normed(x) @ block["up"]) @ block["down"]) ** 2).sum()


def rows() -> Iterator[Row]:
    programs = dict((*kernel_programs(), *gradient_programs(), *model_programs()))
    jitted = {name: jax.jit(fn) for name, (fn, _) in programs.items()}
    for name, fn in jitted.items():
        jax.block_until_ready(fn(*programs[name][1]))
    calibrator, readings = Calibrator(), {name: [] for name in programs}
    for _ in range(ROUNDS):
        calibrator.round()
        for name, fn in jitted.items():
            readings[name].append(call_s(fn, programs[name][1], SLICE_S))
    machine = calibrator.result()
    errors = []
    for name, fn in jitted.items():
        best_s, usual_s = min(readings[name]), float(np.median(readings[name]))
        predicted_s = predict(fn, *programs[name][1], calibration=machine).seconds
        errors.append(abs(predicted_s / best_s - 1))
        ledger.record(f"benchmarks.prediction/{name}", predicted=predicted_s, measured=best_s)
        figures = {
            "predicted ms": predicted_s * 1e3,
            "measured ms": best_s * 1e3,
            "median of rounds ms": usual_s * 1e3,
        }
        yield Row(f"{name}: predicted / measured", "", predicted_s / best_s, detail=figures)
    yield Row("median error", "", float(np.median(errors)), goal=0.20, better="lower")
    yield Row("90th percentile of the error", "", float(np.quantile(errors, 0.9)), 0.40, "lower")
    spread = {"margin of an interval": math.exp(machine.spread)}
    yield Row("calibration / s", "", machine.took_s, detail=spread)


if __name__ == "__main__":
    if "--groundtruth" in sys.argv:
        sys.argv.remove("--groundtruth")
        main(published_rows, title="Predicted against published times")
    else:
        main(rows, title="Predicted against measured time")
