"""A training step of ResNet-9, an LSTM and a Transformer: labkit's models against PyTorch's.

Run as ``python -m benchmarks.architectures resnet9 --json FILE`` (or lstm, transformer) with the
extra ``bench`` installed, on a machine that does nothing else. labkit is timed as ``fit`` runs
it; PyTorch as written and through ``torch.compile``, channels last, its allocator tuned and not;
the same architecture, batch, Adam and float32. ResNet-9: width 16, batch 64, 32x32. LSTM: 32
sequences of 64, width 128. Transformer: 4 causal layers, width 128, 16 sequences of 128.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial

from benchmarks._architectures import IMAGES, RECURRENT, TRANSFORMER
from benchmarks._harness import Row, main
from benchmarks._worker import TUNED, take_turns

_PER_STEP = {
    "resnet9": IMAGES,
    "lstm": RECURRENT[0] * RECURRENT[1],
    "transformer": TRANSFORMER[0] * TRANSFORMER[1],
}
_CHUNK_S = 0.5  # `fit` comes back to Python about twice a second


def rows(name: str) -> Iterable[Row]:
    """One architecture against the best of PyTorch's ways; for ResNet-9 also what a call costs."""
    place = "benchmarks._architectures"
    contenders = {
        "labkit": (f"{place}:labkit_{name}", {}),
        "PyTorch": (f"{place}:torch_{name}", {}),
        "PyTorch compiled": (f"{place}:torch_{name}_compiled", {}),
        "PyTorch compiled tuned": (f"{place}:torch_{name}_compiled", TUNED),
    }
    if name == "resnet9":
        contenders["no step"] = (f"{place}:labkit_{name}_no_step", {})
    seconds = take_turns(contenders)
    ours, empty = seconds.pop("labkit"), seconds.pop("no step", None)
    best = min(seconds, key=lambda peer: seconds[peer])
    for peer, theirs in seconds.items():
        detail = {"labkit_ms": ours * 1e3, "peer_ms": theirs * 1e3}
        detail["labkit_per_s"] = _PER_STEP[name] / ours
        yield Row(
            f"{name} training step",
            peer,
            theirs / ours,
            1.0 if peer == best else None,
            "higher",
            detail,
        )
    if empty is not None:
        share = empty / max(ours, _CHUNK_S)
        detail = {"call_ms": empty * 1e3, "step_ms": ours * 1e3}
        yield Row("dispatch, as a share of the steps it starts", "", share, 0.05, "lower", detail)


if __name__ == "__main__":
    chosen = sys.argv.pop(1) if sys.argv[1:2] and sys.argv[1] in _PER_STEP else "resnet9"
    main(partial(rows, chosen), title=f"Training {chosen}", packages=("jax", "flax", "torch"))
