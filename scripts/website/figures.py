"""The numbers that pages of the site say, each computed here from what is in the repository."""

from __future__ import annotations

import importlib.metadata as metadata
import json
from pathlib import Path
from typing import Any

from labkit.units import format_bytes, format_time
from scripts.website.doors import colab_cell
from scripts.website.notebooks import title_of
from scripts.website.peers import causes, causes_list, floors_table, goals, peers_table

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "benchmarks" / "results" / "course-epyc-2cores.json"


def figures(repository: str = "") -> dict[str, str]:
    """Substitutions for MyST: ``{{ name }}`` in a page becomes the text."""
    course = json.loads(COURSE.read_text(encoding="utf-8"))
    time_s, peak_bytes = (_column(course["rows"], unit) for unit in ("s", "B"))
    machine, held = course["machine"], goals()
    return {
        "course_table": _course_table(),
        "measured_table": _measured_table(time_s, peak_bytes),
        "measured_on": f"{machine['cores']} cores of {machine['processor']}",
        "peers_table": peers_table(held),
        "floors_table": floors_table(held),
        "causes_list": causes_list(held, causes()),
        "course_time": format_time(time_s["the whole course"]),
        "course_peak": format_bytes(max(peak_bytes.values())),
        "reader_size": format_bytes(installed_bytes(ROOT / "requirements.lock")),
        "colab_cell": f"```\n{colab_cell(repository)}\n```",
    }


def installed_bytes(lock: Path) -> int:
    """What the packages of a lock take on this disk, of those that are installed here."""
    total = 0
    for line in lock.read_text(encoding="utf-8").splitlines():
        try:
            files = metadata.files(line.partition("==")[0]) or []
        except metadata.PackageNotFoundError:
            continue  # for another Python or system
        paths = (Path(str(file.locate())) for file in files)
        total += sum(path.stat().st_size for path in paths if path.is_file())
    return total


def _course_table() -> str:
    rows = ["| notebook | for teachers |", "|---|---|"]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        link = f"[{title_of(path)}](/notebooks/{path.name})"
        page = ROOT / "docs" / "teacher" / f"{path.stem}.md"
        rows.append(f"| {link} | {f'[plan](/teacher/{page.name})' if page.exists() else ''} |")
    return "\n".join(rows)


def _column(rows: list[dict[str, Any]], unit: str) -> dict[str, float]:
    return {row["name"]: row["ratio"] for row in rows if row["detail"]["unit"] == unit}


def _measured_table(time_s: dict[str, float], peak_bytes: dict[str, float]) -> str:
    rows = ["| notebook | time | peak memory of the kernel |", "|---|---:|---:|"]
    rows += [
        f"| {name} | {format_time(time_s[name])} | {format_bytes(peak)} |"
        for name, peak in peak_bytes.items()
    ]
    return "\n".join(rows)
