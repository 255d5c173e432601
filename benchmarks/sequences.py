"""A training step of an LSTM and of a Transformer encoder: labkit's kernels against PyTorch.

Run as ``python -m benchmarks.sequences --json FILE`` with the extra ``bench`` installed, on a
machine that does nothing else. LSTM: batch 32, 64 times, width 128. Encoder: 4 layers, width 128,
4 heads, batch 16, 128 tokens. Both with Adam.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks._harness import Row, main
from benchmarks._worker import TUNED, take_turns

_GOALS = {
    ("lstm", "PyTorch"): 1.0,
    ("lstm", "PyTorch tuned"): None,
    ("encoder", "PyTorch"): 1.8,
    ("encoder", "PyTorch tuned"): 1.6,
}


def rows() -> Iterable[Row]:
    """Both models, PyTorch with the allocator as it comes and told to keep freed memory."""
    for model in ("lstm", "encoder"):
        contenders = {
            "labkit": (f"benchmarks._sequences:labkit_{model}", {}),
            "PyTorch": (f"benchmarks._sequences:torch_{model}", {}),
            "PyTorch tuned": (f"benchmarks._sequences:torch_{model}", TUNED),
        }
        seconds = take_turns(contenders)
        ours = seconds.pop("labkit")
        for peer, theirs in seconds.items():
            detail = {"labkit_ms": ours * 1e3, "peer_ms": theirs * 1e3}
            goal = _GOALS[model, peer]
            yield Row(f"{model} training step", peer, theirs / ours, goal, detail=detail)


if __name__ == "__main__":
    main(rows, title="Training steps on sequences", packages=("jax", "torch"))
