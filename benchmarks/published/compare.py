"""How far predictions for other devices are from what others measured there.

``python -m benchmarks.prediction --groundtruth`` prints it, and ``python -m
benchmarks.published.compare`` the numbers of ``labkit/perf/efficiency.toml``.

Three numbers (the share of the peak, the share of the bandwidth, the seconds of a kernel) are
fitted to single kernels only; the kernels of a device are predicted by numbers fitted to the
other device's. The fourth (how often what one kernel passes to another is moved) was chosen by
hand with the tables of whole workloads in view, so their errors are not strictly held out;
printed beside it is what each source alone would have chosen.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks._harness import Row
from benchmarks.published.tables import Published, published
from labkit.perf.elsewhere import Efficiency, efficiency

#: Kernels that take part in a fit, evenly spread over the table.
FITTED_ROWS = 300
GRID = {
    "arithmetic": (0.6, 0.65, 0.7, 0.75, 0.8, 0.85),
    "traffic": (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9),
    "kernel_s": (2e-6, 3e-6, 4e-6, 5e-6, 6e-6),
}
BETWEEN = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
KERNELS = "Vidur kernels"
KERNEL_GOAL, WHOLE_GOAL = 0.25, 0.35


def by(rows: Sequence[Published], key: Callable[[Published], str]) -> dict[str, list[Published]]:
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)


def log_errors(rows: Sequence[Published], reached: Efficiency) -> np.ndarray:
    return np.array([math.log(row.predict(reached) / row.seconds) for row in rows])


def badness(rows: Sequence[Published], reached: Efficiency) -> float:
    """The median |log error|, each table counting the same."""
    tables = by(rows, lambda row: row.table).values()
    return float(np.mean([np.median(np.abs(log_errors(group, reached))) for group in tables]))


def fit(kernels: Sequence[Published]) -> Efficiency:
    """The point of the grid that is best for those kernels; ``between`` as it stands."""
    places = np.linspace(0, len(kernels) - 1, min(FITTED_ROWS, len(kernels)), dtype=int)
    thinned = [kernels[i] for i in places]
    between = efficiency().between
    points = [
        Efficiency(arithmetic, traffic, between, kernel_s, 0.0)
        for arithmetic, traffic, kernel_s in itertools.product(*GRID.values())
    ]
    return min(points, key=lambda reached: badness(thinned, reached))


def spread(rows: Sequence[Published], reached: Efficiency) -> float:
    """The |log error| that 4 of 5 rows stay below, each table counting the same."""
    tables = by(rows, lambda row: row.table).values()
    return float(np.mean([np.quantile(np.abs(log_errors(g, reached)), 0.8) for g in tables]))


def published_rows() -> Iterator[Row]:
    """Median and 90th percentile of the relative error, by table, workload and device."""
    if not os.environ.get("LABKIT_DATA"):
        sys.exit("Set LABKIT_DATA to the folder that holds groundtruth/.")
    rows = published(Path(os.environ["LABKIT_DATA"]) / "groundtruth")
    tables = by(rows, lambda row: row.table)
    kernels = tables.pop(KERNELS)
    by_device = by(kernels, lambda row: row.device)
    for device, group in by_device.items():
        others = [row for row in kernels if row.device != device]
        yield from _rows_of(f"{KERNELS}, {device}", group, fit(others), KERNEL_GOAL)
    reached = fit(kernels)
    errors = []
    for table, group in tables.items():
        yield from _rows_of(table, group, reached, WHOLE_GOAL)
        errors.append(np.abs(np.expm1(log_errors(group, reached))))
    for name, group in by([r for g in tables.values() for r in g], _source).items():
        best = min(BETWEEN, key=lambda b: badness(group, replace(reached, between=b)))
        yield Row(f"between, were it fitted to {name}", "", best)
    pooled = np.concatenate(errors)
    figures = {"90th percentile": float(np.quantile(pooled, 0.9)), "rows": float(len(pooled))}
    median = float(np.median(pooled))
    yield Row("all whole workloads: median error", "", median, WHOLE_GOAL, "lower", figures)
    mean = float(np.mean([np.median(e) for e in errors]))
    yield Row("all whole workloads: mean of the tables' medians", "", mean, WHOLE_GOAL, "lower")


def _source(row: Published) -> str:
    return row.table.split()[0]


def _rows_of(
    name: str, group: Sequence[Published], reached: Efficiency, goal: float
) -> Iterator[Row]:
    numbers = {field: getattr(reached, field) for field in (*GRID, "between")}
    yield _row(name, group, reached, goal, numbers)
    for key in (lambda row: row.workload, lambda row: row.device):
        parts = by(group, key)
        if len(parts) > 1:
            for part, rows in parts.items():
                yield _row(f"{name}: {part}", rows, reached, None, {})


def _row(
    name: str,
    group: Sequence[Published],
    reached: Efficiency,
    goal: float | None,
    more: dict[str, float | str],
) -> Row:
    ratios = np.exp(log_errors(group, reached))
    errors = np.abs(ratios - 1)
    figures: dict[str, float | str] = {
        "90th percentile": float(np.quantile(errors, 0.9)),
        "predicted / measured": float(np.median(ratios)),
        "rows": float(len(group)),
    }
    median = float(np.median(errors))
    return Row(f"{name}: median error", "", median, goal, "lower", figures | more)


def main() -> None:
    """Print the fitted numbers."""
    rows = published(Path(os.environ["LABKIT_DATA"]) / "groundtruth")
    reached = fit([row for row in rows if row.table == KERNELS])
    for name in GRID:
        print(f"{name} = {getattr(reached, name):.3g}")
    print(f"spread = {spread(rows, reached):.3g}")


if __name__ == "__main__":
    main()
