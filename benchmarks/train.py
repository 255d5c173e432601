"""A training step of the CIFAR-10 CNN: labkit against PyTorch, TensorFlow, Keras and flax.

Run as ``python -m benchmarks.train --json FILE`` with the extra ``bench`` installed, on a machine
that does nothing else. Every contender has a process of its own and is asked for readings in
turn. "tuned" means that glibc was told to keep freed memory, as labkit tells it by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from benchmarks._cnn import STEPS_IN_LOOP
from benchmarks._harness import Row, main
from benchmarks._worker import TUNED, take_turns

_PLAIN: Mapping[str, str] = {}
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}

_STEPS = {
    "labkit": ("benchmarks._cnn:labkit_step", _PLAIN),
    "labkit, whole epoch": ("benchmarks._cnn:labkit_epoch", _PLAIN),
    "idiomatic flax": ("benchmarks._cnn:flax_step", _PLAIN),
    "PyTorch": ("benchmarks._cnn:torch_step", _PLAIN),
    "PyTorch fused tuned": ("benchmarks._cnn:torch_fused_step", TUNED),
    "PyTorch compiled tuned": ("benchmarks._cnn:torch_compiled_step", TUNED),
    "TensorFlow tuned": (
        "benchmarks._cnn:tensorflow_step",
        _QUIET | TUNED | {"KERAS_BACKEND": "tensorflow"},
    ),
    "Keras on JAX": ("benchmarks._cnn:keras_jax_step", {"KERAS_BACKEND": "jax"}),
}


def rows() -> Iterable[Row]:
    """One training step of the CIFAR-10 CNN, batch 64."""
    name = "CNN training step"
    seconds = take_turns(_STEPS)
    ours = seconds.pop("labkit")
    epoch = seconds.pop("labkit, whole epoch", math.nan) / STEPS_IN_LOOP
    yield _row(f"{name}, in a whole epoch", "labkit, step by step", ours, epoch, 1.0)
    goals = {"idiomatic flax": 8.0, "PyTorch": 2.6}
    tuned = {peer: value for peer, value in seconds.items() if peer.endswith("tuned")}
    for peer, theirs in seconds.items():
        yield _row(name, peer, theirs, ours, goals.get(peer))
    if tuned:
        best = min(tuned, key=lambda peer: tuned[peer])
        yield _row(name, f"best tuned ({best})", tuned[best], ours, 1.3)


def _row(name: str, peer: str, theirs: float, ours: float, goal: float | None) -> Row:
    detail = {"labkit_ms": ours * 1e3, "peer_ms": theirs * 1e3}
    return Row(name, peer, theirs / ours, goal, detail=detail)


if __name__ == "__main__":
    packages = ("jax", "flax", "torch", "tensorflow-cpu", "keras")
    main(rows, title="A training step of the CIFAR-10 CNN", packages=packages)
