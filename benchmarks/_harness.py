"""Interleaved timing against peers, and one way to print and store what came out.

A benchmark is a list of :class:`Row`; :func:`main` runs it, prints Markdown and
writes JSON. Ratios are ``peer / labkit``, so that more than 1 means labkit is
ahead. Contenders are timed in turn (A, B, A, B, ...) so that a machine that
slows down slows all of them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Row", "interleave", "machine", "main", "versions"]


@dataclass(frozen=True)
class Row:
    """One line of a benchmark.

    Attributes:
        name: what was measured.
        peer: whom it is held against, or "" for a figure without a peer.
        ratio: peer's cost over labkit's; the figure itself where no peer exists.
        goal: what the issue asks of ``ratio``; None where it asks nothing.
        better: whether a larger or a smaller ``ratio`` is better.
        detail: further figures, each key with its unit.
    """

    name: str
    peer: str
    ratio: float
    goal: float | None = None
    better: Literal["higher", "lower"] = "higher"
    detail: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the goal holds; None without one."""
        if self.goal is None:
            return None
        return self.ratio >= self.goal if self.better == "higher" else self.ratio <= self.goal


def interleave(
    contenders: Mapping[str, Callable[[], Any]],
    *,
    repeats: int = 15,
    warmup: int = 2,
    min_block_s: float = 0.02,
    pause_s: float = 0.0,
) -> dict[str, float]:
    """Median seconds per call of each contender, timed in turn.

    Each contender must itself wait for its result (``block_until_ready``). A call
    shorter than ``min_block_s`` is repeated within one reading until the reading
    is that long, so that the clock's grain does not count. With ``pause_s`` every reading
    begins with a rest and an untimed call, so that threads of the last contender that spin for
    more work have gone to sleep.
    """
    inner: dict[str, int] = {}
    for name, call in contenders.items():
        for _ in range(warmup):
            call()
        start = time.perf_counter()
        call()
        once_s = max(time.perf_counter() - start, 1e-9)
        inner[name] = max(1, round(min_block_s / once_s))
    readings: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, call in contenders.items():
            if pause_s:
                time.sleep(pause_s)
                call()
            start = time.perf_counter()
            for _ in range(inner[name]):
                call()
            readings[name].append((time.perf_counter() - start) / inner[name])
    return {name: statistics.median(values) for name, values in readings.items()}


def versions(*packages: str) -> dict[str, str]:
    """Installed versions of the packages named, and of Python."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> dict[str, str | int]:
    """The machine in words: processor, cores this process may use, system."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        model = next((x.split(":", 1)[1].strip() for x in lines if "model name" in x), model)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": model, "cores": cores or 1, "system": platform.system()}


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| measured | against | ratio | goal | met | figures |", "|---|---|---:|---:|---|---|"]
    for row in rows:
        sign = "≥" if row.better == "higher" else "≤"
        goal = "" if row.goal is None else f"{sign} {row.goal:g}"
        met = {None: "", True: "yes", False: "no"}[row.met]
        detail = ", ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in row.detail.items()
        )
        lines.append(f"| {row.name} | {row.peer} | {row.ratio:.3g} | {goal} | {met} | {detail} |")
    return "\n".join(lines)


def main(
    rows: Callable[[], Iterable[Row]], *, title: str, packages: Iterable[str] = ("jax", "numpy")
) -> None:
    """Run a benchmark from the command line: print the table, write ``--json FILE``."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    about = {"title": title, "machine": machine(), "versions": versions("labkit", *packages)}
    measured = list(rows())
    print(f"# {title}\n")
    print(", ".join(f"{key} {value}" for key, value in about["machine"].items()))
    print(", ".join(f"{key} {value}" for key, value in about["versions"].items()) + "\n")
    print(markdown(measured))
    if options.json:
        listed = [{**asdict(row), "met": row.met} for row in measured]
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**about, "rows": listed}, indent=1) + "\n")
    sys.stdout.flush()
