"""Inference of the CIFAR-10 CNN, one request at a time: labkit against PyTorch and ONNX Runtime.

Run as ``python -m benchmarks.inference --json FILE`` with the extra ``bench`` installed, on a
machine that does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from benchmarks._harness import Row, main
from benchmarks._worker import Worker, take_turns

_PLAIN: Mapping[str, str] = {}

_ANSWERS_1 = {
    "labkit": ("benchmarks._cnn:labkit_answer_1", _PLAIN),
    "idiomatic flax": ("benchmarks._cnn:flax_answer_1", _PLAIN),
    "PyTorch": ("benchmarks._cnn:torch_answer_1", _PLAIN),
    "ONNX Runtime": ("benchmarks._cnn:onnx_answer_1", _PLAIN),
}
_ANSWERS_64 = {
    "labkit": ("benchmarks._cnn:labkit_answer_64", _PLAIN),
    "PyTorch": ("benchmarks._cnn:torch_answer_64", _PLAIN),
    "PyTorch compiled": ("benchmarks._cnn:torch_compiled_answer_64", _PLAIN),
    "ONNX Runtime": ("benchmarks._cnn:onnx_answer_64", _PLAIN),
}


def rows() -> Iterable[Row]:
    """One image at a time, then 64 at once."""
    yield from answers(
        "CNN answers 1 image", _ANSWERS_1, {"PyTorch": 2.5, "ONNX Runtime": 0.7}, 100
    )
    goals = {"PyTorch compiled": 1.1, "ONNX Runtime": 0.9}
    yield from answers("CNN answers 64 images", _ANSWERS_64, goals, 8)
    yield from tails()


def answers(
    name: str,
    contenders: Mapping[str, tuple[str, Mapping[str, str]]],
    goals: Mapping[str, float],
    calls: int,
) -> Iterable[Row]:
    """Inference, one request at a time."""
    seconds = take_turns(contenders, calls=calls)
    ours = seconds.pop("labkit")
    for peer, theirs in seconds.items():
        yield _row(name, peer, theirs, ours, goals.get(peer))


def tails(calls: int = 2000) -> Iterable[Row]:
    """How much later than the median the hundredth answer comes, one image at a time."""
    for name in ("labkit", "ONNX Runtime"):
        worker = Worker(*_ANSWERS_1[name])
        try:
            if not worker.ready():
                continue
            worker.latencies(calls // 10)
            p50, p99 = np.percentile(worker.latencies(calls), (50, 99))
        finally:
            worker.stop()
        goal = 1.5 if name == "labkit" else None
        detail = {"p50_ms": float(p50) * 1e3, "p99_ms": float(p99) * 1e3}
        yield Row(f"{name}, 1 image: p99 over p50", "", float(p99 / p50), goal, "lower", detail)


def _row(name: str, peer: str, theirs: float, ours: float, goal: float | None) -> Row:
    detail = {"labkit_ms": ours * 1e3, "peer_ms": theirs * 1e3}
    return Row(name, peer, theirs / ours, goal, detail=detail)


if __name__ == "__main__":
    packages = ("jax", "flax", "torch", "onnxruntime")
    main(rows, title="Inference of the CIFAR-10 CNN", packages=packages)
