"""How far predictions for other devices are from what others measured there.

``python -m benchmarks.prediction --groundtruth`` prints it, and ``python -m
benchmarks.published.compare`` the numbers of ``labkit/perf/efficiency.toml``, fitted to all tables.
In the comparison itself each table is predicted with numbers that were fitted to the *other*
sources only, every source weighing the same: no row is predicted by numbers that saw its table.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks._harness import Row
from benchmarks.published.tables import Published, published
from labkit.perf.elsewhere import Efficiency

#: Rows of one table that take part in a fit, evenly spread over it.
FITTED_ROWS = 250
GRID = {
    "arithmetic": (0.5, 0.6, 0.7, 0.8),
    "traffic": (0.6, 0.7, 0.8, 0.9),
    "between": (1.0, 1.5, 2.0, 2.5, 3.0),
    "kernel_s": (2e-6, 3e-6, 4e-6, 6e-6),
}
GOALS = {"Vidur": 0.25}
WHOLE_GOAL = 0.35


def source_of(table: str) -> str:
    return table.split()[0]


def by(rows: Sequence[Published], key: Callable[[Published], str]) -> dict[str, list[Published]]:
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)


def log_errors(rows: Sequence[Published], reached: Efficiency) -> np.ndarray:
    return np.array([math.log(row.predict(reached) / row.seconds) for row in rows])


def fit(rows: Sequence[Published]) -> Efficiency:
    """The point of the grid with the least mean, over the tables, of the median |log error|."""
    tables = by(rows, lambda row: row.table)
    thinned = {
        name: [group[i] for i in np.linspace(0, len(group) - 1, FITTED_ROWS, dtype=int)]
        if len(group) > FITTED_ROWS
        else group
        for name, group in tables.items()
    }
    sources = {source_of(name) for name in tables}

    def badness(point: tuple[float, ...]) -> float:
        reached = Efficiency(*point, spread=0.0)
        worst = {name: np.median(abs(log_errors(g, reached))) for name, g in thinned.items()}
        means = [
            np.mean([value for name, value in worst.items() if source_of(name) == source])
            for source in sources
        ]
        return float(np.mean(means))

    best = min(itertools.product(*GRID.values()), key=badness)
    reached = Efficiency(*best, spread=0.0)
    spreads = [np.quantile(abs(log_errors(g, reached)), 0.8) for g in thinned.values()]
    return Efficiency(*best, spread=float(np.mean(spreads)))


def published_rows() -> Iterator[Row]:
    """Median and 90th percentile of the relative error, by table, workload and device."""
    if not os.environ.get("LABKIT_DATA"):
        sys.exit("Set LABKIT_DATA to the folder that holds groundtruth/.")
    rows = published(Path(os.environ["LABKIT_DATA"]) / "groundtruth")
    kernels, whole = [], []
    for source, own in by(rows, lambda row: source_of(row.table)).items():
        reached = fit([row for row in rows if source_of(row.table) != source])
        for table, group in by(own, lambda row: row.table).items():
            errors = np.abs(np.expm1(log_errors(group, reached)))
            (kernels if source == "Vidur" else whole).append(errors)
            numbers = {name: getattr(reached, name) for name in GRID}
            yield _row(table, group, reached, GOALS.get(source, WHOLE_GOAL), numbers)
            for key in (lambda row: row.workload, lambda row: row.device):
                for name, part in by(group, key).items():
                    yield _row(f"{table}: {name}", part, reached, None, {})
    yield _summary("all kernels", kernels, 0.25)
    yield _summary("all whole workloads, tables alike", whole, WHOLE_GOAL)


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


def _summary(name: str, errors: list[np.ndarray], goal: float) -> Row:
    """Each table counts the same, however many rows it has."""
    median = float(np.mean([np.median(e) for e in errors]))
    p90 = float(np.mean([np.quantile(e, 0.9) for e in errors]))
    figures: dict[str, float | str] = {"90th percentile": p90}
    return Row(f"{name}: mean of the medians", "", median, goal, "lower", figures)


def main() -> None:
    """Print the fitted numbers."""
    rows = published(Path(os.environ["LABKIT_DATA"]) / "groundtruth")
    reached = fit(rows)
    for name in (*GRID, "spread"):
        print(f"{name} = {getattr(reached, name):.3g}")


if __name__ == "__main__":
    main()
