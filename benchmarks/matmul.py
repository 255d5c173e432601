"""Square float32 matrix products: labkit against PyTorch and NumPy, each in its own process.

Run as ``python -m benchmarks.matmul --json FILE`` with the extra ``bench`` installed, on a machine
that does nothing else. In one process the spinning threads of one library take cores from another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from benchmarks._harness import Row, main
from benchmarks._worker import take_turns

_CONTENDERS = ("labkit", "torch", "numpy")


def rows() -> Iterable[Row]:
    """The best of the others over labkit, at four sizes."""
    for size in (512, 1024, 2048, 4096):
        contenders = {
            name: (f"benchmarks.matmul:{name}_product", {"MATMUL_SIZE": str(size)})
            for name in _CONTENDERS
        }
        calls = max(1, int(40 * (1024 / size) ** 3))
        seconds = take_turns(contenders, calls=min(calls, 200), rounds=5)
        rates = {f"{name}_gflops": 2 * size**3 / s / 1e9 for name, s in seconds.items()}
        ours = seconds["labkit"]
        best = min(seconds, key=lambda name, s=seconds: s[name])
        yield Row(f"matmul {size}", f"best ({best})", seconds[best] / ours, 0.95, detail=rates)


def _matrix() -> np.ndarray:
    size = int(os.environ["MATMUL_SIZE"])
    return np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)


def labkit_product() -> Callable[[], Any]:
    import jax
    import jax.numpy as jnp

    from labkit import kernels

    a, product = jnp.asarray(_matrix()), jax.jit(kernels.matmul)
    return lambda: product(a, a).block_until_ready()


def torch_product() -> Callable[[], Any]:
    import torch

    a = torch.from_numpy(_matrix())
    return lambda: a @ a


def numpy_product() -> Callable[[], Any]:
    a = _matrix()
    return lambda: a @ a


if __name__ == "__main__":
    main(rows, title="Matrix products", packages=("jax", "numpy", "torch"))
