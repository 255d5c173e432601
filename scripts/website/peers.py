"""What was measured against peers: every figure with a goal, and the cause where it is missed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
CAUSES = ROOT / "benchmarks" / "causes.toml"
_MACHINE = "-epyc-2cores"


@dataclass(frozen=True)
class Figure:
    """One row with a goal, as a benchmark stored it.

    Attributes:
        source: the benchmark's file, without the machine.
        row: the row, as `benchmarks._harness.Row`, with ``met``.
    """

    source: str
    row: dict[str, Any]

    @property
    def key(self) -> str:
        """What a cause names."""
        return f"{self.source}: {self.row['name']} / {self.row['peer']}"

    @property
    def met(self) -> bool:
        """Whether the goal holds."""
        return bool(self.row["met"])


def goals(folder: Path = RESULTS) -> list[Figure]:
    """Every stored figure of this machine that has a goal."""
    found = []
    for path in sorted(folder.glob(f"*{_MACHINE}.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        source = path.stem.removesuffix(_MACHINE)
        found += [Figure(source, row) for row in rows if row["goal"] is not None]
    return found


def causes(path: Path = CAUSES) -> dict[str, str]:
    """Why goals are missed, by the regular expression of the rows."""
    return {c["rows"]: c["text"] for c in tomllib.loads(path.read_text(encoding="utf-8"))["cause"]}


def peers_table(figures: list[Figure]) -> str:
    """All of them, one line each."""
    lines = ["| measured | against | ratio | goal | met |", "|---|---|---:|---:|---|"]
    for figure in figures:
        row = figure.row
        sign = "≥" if row["better"] == "higher" else "≤"
        met = "yes" if figure.met else "no"
        ratio, goal = f"{row['ratio']:.3g}", f"{sign} {row['goal']:g}"
        lines.append(f"| {row['name']} | {row['peer']} | {ratio} | {goal} | {met} |")
    return "\n".join(lines)


def causes_list(figures: list[Figure], texts: dict[str, str]) -> str:
    """For each cause what it is the cause of."""
    return "\n".join(_explained(figures, texts))


def _explained(figures: list[Figure], texts: dict[str, str]) -> Iterator[str]:
    for pattern, text in texts.items():
        missed = [f.row for f in figures if not f.met and re.search(pattern, f.key)]
        if missed:
            names = dict.fromkeys(row["name"] for row in missed)
            yield f"- **{'; '.join(names)}.** {text}"


def floors_table(figures: list[Figure], path: Path = CAUSES, folder: Path = RESULTS) -> str:
    """Steps against the time their arithmetic takes at the best product of any library here."""
    best = _best_gflop_per_s(folder)
    lines = [
        "| step | against | its GFLOP | at best | the goal asks | labkit takes |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for floor in tomllib.loads(path.read_text(encoding="utf-8"))["floor"]:
        for row in (f.row for f in figures if _is(f, floor["row"])):
            detail = row["detail"]
            times_ms = (
                floor["gflop"] / best * 1e3,
                detail["peer_ms"] / row["goal"],
                detail["labkit_ms"],
            )
            cells = [row["name"], row["peer"], f"{floor['gflop']:.3g}"]
            lines.append(f"| {' | '.join(cells + [f'{ms:.1f} ms' for ms in times_ms])} |")
    return "\n".join(lines)


def _is(figure: Figure, named: str) -> bool:
    """Whether a figure is the one named; behind the peer may stand which of several it was."""
    return figure.key == named or figure.key.startswith(f"{named} (")


def _best_gflop_per_s(folder: Path) -> float:
    rows = json.loads((folder / f"matmul{_MACHINE}.json").read_text(encoding="utf-8"))["rows"]
    return max(v for row in rows for k, v in row["detail"].items() if k.endswith("_gflops"))
