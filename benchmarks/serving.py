"""The model server: its latency against the simulation's, and its throughput against a peer's.

``--part prediction``, ``throughput`` or ``soak`` runs one part; ``--soak SECONDS`` says how long
the soak lasts (without it there is none).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
import psutil
from flax import nnx

from benchmarks._harness import Row, main
from labkit import export, models, serve
from labkit.serve import simulate as sim

LOADS = (0.2, 0.4, 0.6, 0.8)
MAX_BATCH, MAX_WAIT_S = 8, 0.004
QUIET_CORES, TRIES = 0.1, 2  # that others may use meanwhile, and how often a piece is tried
PIECES, PIECE_S, SWING_S = 3, 9.0, 5.0  # of each load; of it and of the measurements beside it
LIMIT_S = 0.02  # of the p99 at which throughputs are compared


def larger_cnn() -> models.CNN:
    """A CNN on 64 x 64 images: some milliseconds each, so that the engine is what one waits for."""
    stages = (models.Stage(64), models.Stage(96), models.Stage(96))
    return models.CNN(models.CNNConfig((64, 64, 3), stages), rngs=nnx.Rngs(0))


@contextmanager
def served(
    model: nnx.Module, shape: tuple[int, ...], settings: serve.Settings
) -> Iterator[tuple[serve.ServerProcess, export.Bundle, str]]:
    with tempfile.TemporaryDirectory() as folder:
        example = np.zeros((1, *shape), np.float32)
        sizes = (1, 2, 4, settings.max_batch)
        bundle = export.save_bundle(folder, model, example, name="cnn", sizes=sizes, onnx=True)
        with serve.start_server(folder, settings) as server:
            yield server, bundle, f"{server.url}/v2/models/cnn/infer"


def used_s(own: list[psutil.Process]) -> np.ndarray:
    """Seconds that all processors were busy so far, and those of these processes."""
    times = psutil.cpu_times()
    everything = times.user + times.nice + times.system + times.steal
    return np.array([everything, sum(sum(each.cpu_times()[:2]) for each in own)])


def prediction() -> Iterator[Row]:
    """p50 and p99 at four loads, predicted from service times measured at other times.

    This machine's pace changes from minute to minute by a tenth and more. So each load is run in
    pieces between measurements of the service times, which the prediction of a piece takes from
    the two beside it; a load is a share of the capacity just measured. A piece during which other
    programs held more than a tenth of a core is taken anew, once.
    """
    settings = serve.Settings(max_batch=MAX_BATCH, max_wait_s=MAX_WAIT_S, max_queue=4096)
    told: dict[float, list[np.ndarray]] = {load: [] for load in LOADS}
    runs: dict[float, list[serve.LoadResult]] = {load: [] for load in LOADS}
    capacities, others, own = [], [], [psutil.Process()]
    with served(larger_cnn(), (64, 64, 3), settings) as (server, bundle, url):
        image = np.random.default_rng(0).random((1, 64, 64, 3)).astype(np.float32)
        headers, body = serve.write_request(image, bundle.manifest.input)
        swing = partial(serve.measure_swing, url, [body], max_batch=MAX_BATCH, headers=headers)
        swing(seconds=2.0)
        own.append(psutil.Process(server.pid))
        last = swing(seconds=SWING_S)
        for piece, load in enumerate(LOADS * PIECES):
            for _ in range(TRIES):
                start_s, before_s = time.perf_counter(), used_s(own)
                capacity = serve.ServiceTimes.of(last, max_batch=MAX_BATCH).capacity_per_s
                rate, key = load * capacity, jax.random.key(piece)
                gaps = np.asarray(sim.poisson(key, rate, int(rate * PIECE_S)))
                run = serve.run_load(url, [body], gaps, headers=headers, connections=256)
                following = swing(seconds=SWING_S, seed=piece + 1)
                times = serve.ServiceTimes.of(last, following, max_batch=MAX_BATCH)
                last, busy_s = following, used_s(own) - before_s
                other = float(busy_s[0] - busy_s[1]) / (time.perf_counter() - start_s)
                if other < QUIET_CORES:
                    break
            runs[load].append(run)
            told[load].append(times.predict(gaps, max_wait_s=MAX_WAIT_S, seed=piece))
            capacities.append(capacity)
            others.append(other)
    detail: dict[str, float | str] = {"engine": server.engine, "others_cores": max(others)}
    detail |= {"capacity_per_s": float(np.median(capacities))}
    detail |= {"lowest_capacity": min(capacities), "highest_capacity": max(capacities)}
    for load in LOADS:
        yield from compared(load, told[load], runs[load], detail)


def compared(
    load: float,
    told: list[np.ndarray],
    runs: list[serve.LoadResult],
    detail: dict[str, float | str],
) -> Iterator[Row]:
    """All pieces of a load together, and how far they differ among themselves."""
    seen = np.concatenate([run.answered for run in runs])
    asked = sum(len(run.status) for run in runs)
    for q, goal in ((0.5, 0.2), (0.99, 0.35)):
        expected = float(np.quantile(np.concatenate(told), q))
        measured = float(np.quantile(seen, q))
        each = [1e3 * run.quantile_s(q) for run in runs]
        more = {"predicted_ms": 1e3 * expected, "measured_ms": 1e3 * measured}
        more |= {"lowest_piece_ms": min(each), "highest_piece_ms": max(each)}
        more |= {"requests": asked, "failed": asked - len(seen), **detail}
        name = f"error of predicted p{100 * q:g} at load {load}"
        yield Row(name, "measured", abs(expected / measured - 1), goal, "lower", more)


@dataclass
class Contender:
    """Where to ask, and what."""

    url: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def fastapi_peer(bundle: export.Bundle, body: bytes) -> Iterator[Contender]:
    command = [sys.executable, "-m", "benchmarks._fastapi_peer"]
    command += [str(bundle.folder / "model.onnx"), str(16), str(0.002)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        port = json.loads(child.stdout.readline())["port"]
        yield Contender(f"http://127.0.0.1:{port}/infer", {}, body)
    finally:
        child.terminate()
        child.wait()


def held(contender: Contender, rate: float, limit_s: float, seconds: float = 2.0) -> bool:
    """Whether every request at this rate is answered, 99 % of them within the limit."""
    gaps = np.asarray(sim.poisson(jax.random.key(1), rate, int(rate * seconds)))
    run = serve.run_load(
        contender.url, [contender.body], gaps, headers=contender.headers, connections=256
    )
    return len(run.answered) == len(gaps) and run.quantile_s(0.99) <= limit_s


def highest(tests: dict[str, Callable[[float], bool]], steps: int = 6) -> dict[str, float]:
    """By bisection, the highest rate that each contender holds; the contenders in turn."""
    low, high = dict.fromkeys(tests, 200.0), dict.fromkeys(tests, 5000.0)
    for _ in range(steps):
        for name, holds in tests.items():
            middle = (low[name] * high[name]) ** 0.5
            if holds(middle):
                low[name] = middle
            else:
                high[name] = middle
    return low


def throughput() -> Iterator[Row]:
    """The CIFAR-10 CNN, one image a request, the same batching: the rate held at equal p99."""
    settings = serve.Settings(max_batch=16, max_wait_s=0.002, max_queue=256)
    model = models.CNN(models.CNNConfig.seed_cifar10(), rngs=nnx.Rngs(0))
    image = np.random.default_rng(0).random((1, 32, 32, 3)).astype(np.float32)
    with served(model, (32, 32, 3), settings) as (server, bundle, url):
        headers, body = serve.write_request(image, bundle.manifest.input)
        ours = Contender(url, headers, body)
        with fastapi_peer(bundle, image.tobytes()) as peer:
            found = []
            for _ in range(3):
                tests = {
                    "labkit": lambda rate: held(ours, rate, LIMIT_S),
                    "peer": lambda rate: held(peer, rate, LIMIT_S),
                }
                found.append(highest(tests))
        rates = {key: float(np.median([each[key] for each in found])) for key in found[0]}
        detail = {f"{key}_per_s": rate for key, rate in rates.items()}
        yield Row(
            f"requests/s at p99 <= {1e3 * LIMIT_S:g} ms",
            "FastAPI + ONNX Runtime",
            rates["labkit"] / rates["peer"],
            1.0,
            detail={**detail, "engine": server.engine},
        )


def soak(seconds: float) -> Iterator[Row]:
    """80 % of capacity for so long: no error, and no memory that grows.

    The load comes in ten pieces; after each the server's memory is read. The first two belong to
    warming up: what grows is told from the end of the second on.
    """
    settings = serve.Settings(max_batch=MAX_BATCH, max_wait_s=MAX_WAIT_S, max_queue=4096)
    with served(larger_cnn(), (64, 64, 3), settings) as (server, bundle, url):
        image = np.random.default_rng(0).random((1, 64, 64, 3)).astype(np.float32)
        headers, body = serve.write_request(image, bundle.manifest.input)
        times = serve.measure_service(url, [body], max_batch=MAX_BATCH, headers=headers)
        rate, watched = 0.8 * times.capacity_per_s, psutil.Process(server.pid)
        memory_mib, told = [watched.memory_info().rss / 2**20], Counter[int]()
        count, tails_s, start_s = int(rate * seconds / 10), [], time.perf_counter()
        for piece in range(10):
            gaps = np.asarray(sim.poisson(jax.random.key(piece), rate, count))
            run = serve.run_load(url, [body], gaps, headers=headers, connections=256)
            told.update(run.statuses)
            tails_s.append(run.quantile_s(0.99))
            memory_mib.append(watched.memory_info().rss / 2**20)
        lasted_s = time.perf_counter() - start_s
    failed = told.total() - told[200]
    detail: dict[str, float | str] = {"requests": told.total(), "statuses": str(dict(told))}
    detail |= {"rate_per_s": rate, "seconds": lasted_s, "exit_code": server.exit_code or 0}
    detail |= {"median_p99_ms": 1e3 * float(np.median(tails_s)), "max_p99_ms": 1e3 * max(tails_s)}
    yield Row("requests lost in the soak", "", float(failed), 0.0, "lower", detail)
    slope = np.polyfit(np.arange(2, 11) * lasted_s / 600, memory_mib[2:], 1)[0]
    detail = {"start_mib": memory_mib[0], "warm_mib": memory_mib[2], "end_mib": memory_mib[-1]}
    detail |= {"slope_mib_per_minute": float(slope)}
    growth = memory_mib[-1] / memory_mib[2] - 1
    yield Row("growth of memory after warming up", "", growth, 0.02, "lower", detail)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--part", choices=["prediction", "throughput", "soak"])
    parser.add_argument("--soak", type=float, default=0.0)
    chosen, left = parser.parse_known_args()
    sys.argv[1:] = left
    parts = {"prediction": prediction, "throughput": throughput}
    parts |= {"soak": lambda: soak(chosen.soak)} if chosen.soak else {}
    wanted = [chosen.part] if chosen.part else list(parts)
    main(
        lambda: (row for name in wanted for row in parts[name]()),
        title="Serving: prediction of latency, throughput, soak",
        packages=("jax", "uvicorn", "fastapi", "onnxruntime"),
    )
