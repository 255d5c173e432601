"""How long the planner takes over the whole catalogue, with and without an edge.

Run as ``python -m benchmarks.planning --json FILE``. That its choice equals brute force is a test
(``tests/cost/test_cost_plan.py``), not a benchmark.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks._harness import Row, interleave, main
from labkit import cost
from labkit.perf.demand import Demand, Kernel

GOAL_S = 0.2


def resnet50(batch: int, precision: str) -> Demand:
    """8.2 GFLOP an image, 25.6 million weights."""
    width = {"float32": 4, "bfloat16": 2, "int8": 1}[precision]
    return Demand((Kernel(precision, 8.2e9 * batch, 25.6e6 * width),))


def rows() -> Iterator[Row]:
    workload = cost.Workload.predicted(
        resnet50,
        name="ResNet-50",
        precisions={"float32": 0.761, "bfloat16": 0.76, "int8": 0.75},
        memory_bytes={"float32": 1.0e8, "bfloat16": 5.1e7, "int8": 2.6e7},
    )
    region = cost.get_region("us-central1")
    goal = cost.Objective(2000.0, 0.05, network_s=0.02)
    mine = [
        cost.own(name, price_usd=2500, lifetime_years=4, electricity_usd_per_kwh=0.1)
        for name in ("NVIDIA L4", "NVIDIA Tesla T4")
    ]
    calls = {
        "cloud": lambda: cost.plan(workload, goal, region=region),
        "cloud, edge and hybrid": lambda: cost.plan(workload, goal, region=region, edge=mine),
    }
    for name, seconds in interleave(calls, repeats=9).items():
        found = calls[name]()
        options = float(len(found.feasible) + len(found.rejected))
        figures = {"options": options, "offers": float(len(cost.offers()))}
        yield Row(f"plan over the catalogue, {name} / s", "", seconds, GOAL_S, "lower", figures)


if __name__ == "__main__":
    main(rows, title="The planner over the whole catalogue")
