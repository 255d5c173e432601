"""The peak of a single core: measured in a process of its own, which may use no other.

XLA decides at its start how many threads it has, so that fewer take a fresh process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

__all__ = ["one_core_peaks", "print_peaks"]

_SIZE = 768
_READINGS = 9


def one_core_peaks() -> dict[str, float]:
    """FLOP/s of a product on one core by precision; empty where cores cannot be chosen."""
    if not hasattr(os, "sched_setaffinity"):
        return {}
    program = f"from {__name__} import print_peaks; print_peaks()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout) if done.returncode == 0 else {}


def _measure_here() -> dict[str, float]:
    import time

    import jax
    import jax.numpy as jnp

    found = {}
    for dtype in (jnp.float32, jnp.bfloat16, jnp.int8):
        wide = jnp.int32 if dtype == jnp.int8 else jnp.float32
        fn = jax.jit(lambda a, wide=wide: jax.lax.dot(a, a, preferred_element_type=wide))
        square = jnp.ones((_SIZE, _SIZE), dtype)
        jax.block_until_ready(fn(square))
        readings = []
        for _ in range(_READINGS):
            start = time.perf_counter()
            jax.block_until_ready(fn(square))
            readings.append(time.perf_counter() - start)
        found[jnp.dtype(dtype).name] = 2 * _SIZE**3 / min(readings)
    return found


def print_peaks() -> None:
    """What :func:`one_core_peaks` reads from its process."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["JAX_PLATFORMS"] = "cpu"
    sys.stdout.write(json.dumps(_measure_here()))
