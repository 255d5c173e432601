"""The engines that run an exported model: XLA, and ONNX Runtime."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jax import export as jax_export

from labkit import kernels
from labkit.errors import ArgumentError
from labkit.export import Bundle
from labkit.serve.engine import Engine, on_ladder

__all__ = ["ENGINES", "EngineTimes", "load_engine", "measure_engines", "onnx_engine", "xla_engine"]


class _Ladder:
    """An engine made of one program for each batch size."""

    def __init__(
        self, name: str, sizes: Sequence[int], compute: Callable[[int, np.ndarray], np.ndarray]
    ) -> None:
        self.name, self.sizes, self._compute = name, tuple(sizes), compute

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """One output row for each input row."""
        return on_ladder(rows, self.sizes, self._compute)


def xla_engine(bundle: Bundle) -> Engine:
    """Every program of the bundle compiled by XLA before the first request comes."""
    weights = [jax.numpy.asarray(array) for array in bundle.weights]
    spec = bundle.manifest.input

    def compiled(size: int) -> Callable[[jax.Array | np.ndarray], jax.Array]:
        program = jax_export.deserialize(bytearray(bundle.program(size)))
        rows = jax.ShapeDtypeStruct((size, *spec.shape), spec.dtype)
        options = kernels.cpu_options() if jax.default_backend() == "cpu" else {}
        jitted = jax.jit(program.call, compiler_options=options or None)
        made = jitted.lower(weights, rows).compile()
        return lambda rows: made(weights, rows)

    programs = {size: compiled(size) for size in bundle.manifest.sizes}
    return _Ladder("xla", bundle.manifest.sizes, lambda n, rows: np.asarray(programs[n](rows)))


def onnx_engine(bundle: Bundle) -> Engine | None:
    """ONNX Runtime on the bundle's graph; None without the graph or the package."""
    try:
        import onnxruntime
    except ImportError:
        return None
    if bundle.onnx is None:
        return None
    options = onnxruntime.SessionOptions()
    # Threads that spin between requests would take the core that reads the next one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(bundle.onnx, options, providers=["CPUExecutionProvider"])
    named, wanted = bundle.manifest.input.name, [bundle.manifest.output.name]

    def compute(_: int, rows: np.ndarray) -> np.ndarray:
        return session.run(wanted, {named: rows})[0]

    # Its batch axis is free: nothing is filled up, so every size is on the ladder.
    return _Ladder("onnxruntime", range(1, bundle.manifest.sizes[-1] + 1), compute)


#: The engines to choose from; None where one cannot run here.
ENGINES: Mapping[str, Callable[[Bundle], Engine | None]] = {
    "xla": xla_engine,
    "onnxruntime": onnx_engine,
}


@dataclass(frozen=True)
class EngineTimes:
    """Measured seconds per batch, by engine and then by batch size."""

    seconds: Mapping[str, Mapping[int, float]]

    def fastest(self, size: int) -> str:
        """The engine that answers a batch of ``size`` soonest."""
        return min(self.seconds, key=lambda name: self.seconds[name][size])


def measure_engines(
    engines: Mapping[str, Engine], bundle: Bundle, *, budget_s: float = 0.5
) -> EngineTimes:
    """Median seconds of each engine at each size of the ladder, the engines in turn.

    Args:
        engines: by name.
        bundle: whose input they take.
        budget_s: for all of it, beyond one call of each to warm up.
    """
    sizes, spec = bundle.manifest.sizes, bundle.manifest.input
    each_s = budget_s / len(sizes)
    seconds: dict[str, dict[int, float]] = {name: {} for name in engines}
    for size in sizes:
        rows = np.random.default_rng(0).random((size, *spec.shape)).astype(spec.dtype)
        readings: dict[str, list[float]] = {name: [] for name in engines}
        for engine in engines.values():
            engine(rows)
        until_s = time.perf_counter() + each_s
        while not readings[next(iter(engines))] or time.perf_counter() < until_s:
            for name, engine in engines.items():
                start_s = time.perf_counter()
                engine(rows)
                readings[name].append(time.perf_counter() - start_s)
        for name, taken in readings.items():
            seconds[name][size] = statistics.median(taken)
    return EngineTimes(seconds)


def load_engine(bundle: Bundle, choice: str = "fastest", *, budget_s: float = 0.5) -> Engine:
    """The engine of that name, or for each size of batch the one that measures fastest.

    Raises:
        ArgumentError: no such engine, or it cannot run this bundle here.
    """
    if choice != "fastest":
        if choice not in ENGINES:
            raise ArgumentError("engine", required=f"one of {', '.join(ENGINES)}", got=choice)
        engine = ENGINES[choice](bundle)
        if engine is None:
            fix = "Install the extra onnx, and export with onnx=True."
            raise ArgumentError("engine", required="one that runs here", got=choice, fix=fix)
        return engine
    made = {name: make(bundle) for name, make in ENGINES.items()}
    engines = {name: engine for name, engine in made.items() if engine is not None}
    if len(engines) == 1:
        return next(iter(engines.values()))
    times = measure_engines(engines, bundle, budget_s=budget_s)
    chosen = {size: times.fastest(size) for size in bundle.manifest.sizes}
    if len(set(chosen.values())) == 1:
        return engines[chosen[bundle.manifest.sizes[0]]]
    return _Ladder(
        "+".join(sorted(set(chosen.values()))),
        bundle.manifest.sizes,
        lambda size, rows: engines[chosen[size]](rows),
    )
