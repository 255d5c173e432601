"""From a fresh process to the end of the first training step, with and without a warm cache.

Run as ``python -m benchmarks.startup --json FILE`` on a machine that does nothing else. Each
reading starts Python anew and ends when the first step of the CIFAR-10 CNN has been taken. "cold"
begins with an empty folder of compiled programs, "warm" with the one a cold start has left.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks._harness import Row, main

_CONTENDERS = {"labkit": "labkit_step", "idiomatic flax": "flax_step"}
_IMPORTS = "import jax, optax; from flax import nnx; jax.devices()"
_ROUNDS = 5


def first_step_s(function: str, cache: Path) -> float:
    """Seconds from the start of a process to the end of its first step.

    labkit finds its folder by itself; flax is given it, as a user who knows of it would.
    """
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    if function == "flax_step":
        environment["JAX_COMPILATION_CACHE_DIR"] = str(cache / "compiled")
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    return _process_s(f"from benchmarks._cnn import {function}; {function}()()", environment)


def _process_s(program: str, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    return time.perf_counter() - start


def rows() -> Iterable[Row]:
    """Labkit and idiomatic flax, cold and warm, in turn."""
    readings: dict[tuple[str, str], list[float]] = {}
    imports = []
    for _ in range(_ROUNDS):
        imports.append(_process_s(_IMPORTS, dict(os.environ)))
        for name, function in _CONTENDERS.items():
            with tempfile.TemporaryDirectory() as folder:
                for state in ("cold", "warm"):
                    seconds = first_step_s(function, Path(folder))
                    readings.setdefault((name, state), []).append(seconds)
    seconds = {key: statistics.median(values) for key, values in readings.items()}
    ours = {state: seconds["labkit", state] for state in ("cold", "warm")}
    detail = {f"{name}_{state}_s": value for (name, state), value in seconds.items()}
    yield Row("first step of a fresh process, warm (s)", "", ours["warm"], 1.0, "lower", detail)
    yield Row("first step, warm against cold", "labkit, cold", ours["cold"] / ours["warm"], 5.0)
    detail = {"share_of_warm": statistics.median(imports) / ours["warm"]}
    floor_s = statistics.median(imports)
    yield Row("of it, importing jax, flax and optax (s)", "", floor_s, None, "lower", detail)
    for state in ("cold", "warm"):
        ratio = seconds["idiomatic flax", state] / ours[state]
        yield Row(f"first step of a fresh process, {state}", "idiomatic flax", ratio)


if __name__ == "__main__":
    main(rows, title="From a fresh process to the first step", packages=("jax", "flax"))
