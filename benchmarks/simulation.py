"""The event simulation: requests per second on one core, and its error against theory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

if hasattr(os, "sched_setaffinity"):  # one core, said before JAX counts them
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import numpy as np
import simpy

from benchmarks._harness import Row, interleave, main
from labkit.serve import simulate as sim

N, LANES = 4_000, 1_000
LAWS = {
    "M/M/1": (1, sim.exponential, lambda rate: sim.mm1(rate, 1.0)),
    "M/M/4": (4, sim.exponential, lambda rate: sim.mmc(rate, 1.0, servers=4)),
    "M/D/1": (
        1,
        lambda _key, mean_s, n, m: sim.deterministic(mean_s, n, m),
        lambda r: sim.md1(r, 1.0),
    ),
    "M/E2/1": (
        1,
        lambda key, mean_s, n, m: jax.random.exponential(key, (2, n, m)).mean(axis=0) * mean_s,
        lambda rate: sim.mg1(rate, 1.0, 0.5**0.5, lambda s: (2 / (2 + s)) ** 2),
    ),
}


def speed() -> Iterator[Row]:
    """Four servers: labkit's recursion against SimPy's events, on the same core."""
    key = jax.random.key(0)
    gaps, work = sim.poisson(key, 3.2, N, LANES), sim.exponential(key, 1.0, N, LANES)

    def ours() -> None:
        jax.block_until_ready(sim.queue(gaps, work, servers=4).wait_s)

    def batches() -> None:
        jax.block_until_ready(sim.batching(gaps, [1.0, 1.1, 1.3, 1.5], max_wait_s=0.5, servers=4))

    few = 2_000
    gap_list, work_list = np.asarray(gaps[:few, 0]).tolist(), np.asarray(work[:few, 0]).tolist()

    def events() -> None:
        env = simpy.Environment()
        servers = simpy.Resource(env, 4)

        def customer(own_s: float) -> Iterator[simpy.Event]:
            with servers.request() as turn:
                yield turn
                yield env.timeout(own_s)

        def source() -> Iterator[simpy.Event]:
            for gap_s, own_s in zip(gap_list, work_list, strict=True):
                yield env.timeout(gap_s)
                env.process(customer(own_s))

        env.process(source())
        env.run()

    took = interleave({"labkit": ours, "batching": batches, "simpy": events}, repeats=7)
    rates = {"labkit": N * LANES, "batching": N * LANES, "simpy": few}
    per_s = {name: rates[name] / seconds for name, seconds in took.items()}
    yield Row("requests/s, 4 servers, one core", "", per_s["labkit"], 1e6)
    yield Row("requests/s, dynamic batching, one core", "", per_s["batching"], 1e6)
    ratio = per_s["labkit"] / per_s["simpy"]
    yield Row("requests/s, 4 servers", "SimPy", ratio, None, detail={"simpy_per_s": per_s["simpy"]})


def waiting(name: str, load: float, rounds: int) -> tuple[float, float]:
    """Mean and 95 % quantile of the simulated waiting time, over ``rounds`` batches of lanes."""
    servers, draw, _ = LAWS[name]
    kept = []
    for i in range(rounds):
        arrivals, work = jax.random.split(jax.random.key(i))
        gaps = sim.poisson(arrivals, load * servers, N, LANES)
        run = sim.queue(gaps, draw(work, 1.0, N, LANES), servers=servers)
        kept.append(np.asarray(run.wait_s)[N // 4 :].ravel())
    all_s = np.concatenate(kept)
    at = int(0.95 * all_s.size)
    return float(all_s.mean()), float(np.partition(all_s, at)[at])


def accuracy() -> Iterator[Row]:
    """Worst relative error over a grid of loads."""
    for name, (servers, _, law) in LAWS.items():
        start, errors = time.perf_counter(), {}
        for load in (0.3, 0.5, 0.7, 0.85):
            expected = law(load * servers)
            mean_s, p95_s = waiting(name, load, rounds=8 if load > 0.6 else 2)
            errors[f"mean at {load}"] = abs(mean_s / expected.mean_s - 1)
            if expected.quantile_s(0.95) > 0:
                errors[f"p95 at {load}"] = abs(p95_s / expected.quantile_s(0.95) - 1)
        detail = {**errors, "seconds": time.perf_counter() - start}
        yield Row(
            f"{name}: worst error", "closed form", max(errors.values()), 0.01, "lower", detail
        )


def rows() -> Iterator[Row]:
    """All rows."""
    yield from speed()
    yield from accuracy()


if __name__ == "__main__":
    main(rows, title="Simulation of a served model", packages=("jax", "numpy", "simpy"))
