"""What a teacher's page must hold, read from its notebook; complaints, none if all is well."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import nbformat

from labkit.cli.plan import read_value
from labkit.cli.sweep import expand_grid
from labkit.errors import ParameterError
from labkit.teach import Schema, parse_parameters

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS, PAGES = ROOT / "notebooks", ROOT / "docs" / "teacher"
SECTIONS = ("Time", "Objectives", "Misconceptions", "Vary the parameters", "Exercises")
FEWEST_MISCONCEPTIONS = 3


def sections_of(page: str) -> dict[str, str]:
    """The text below each second-level heading."""
    parts = re.split(r"^## (.+)$", page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def numbered(text: str) -> list[str]:
    """The items of a numbered list, each on one line, its closing mark left out."""
    items = re.findall(r"^\d+\. (.+(?:\n   .+)*)", text, flags=re.M)
    return [" ".join(item.split()) for item in items]


def objectives_of(notebook: nbformat.NotebookNode) -> list[str]:
    """What the title cell says the reader can do afterwards."""
    return [item.rstrip(";.") for item in numbered(notebook.cells[0].source)]


def schema_of(notebook: nbformat.NotebookNode) -> Schema:
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    return parse_parameters(cell.source)


def exercises_of(notebook: nbformat.NotebookNode) -> list[str]:
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return re.findall(r'teach\.exercise\("([\w.]+)"\)', source)


def complaints_about(page: str, path: Path) -> list[str]:
    """Everything in which the page lags behind the notebook at ``path``."""
    notebook = nbformat.read(path, as_version=4)
    sections = sections_of(page)
    complaints = [f"no section '{name}'" for name in SECTIONS if name not in sections]
    if complaints:
        return complaints
    if not re.search(r"\d+ minutes", sections["Time"]):
        complaints.append("Time says no minutes")
    told = [re.split(r"[;.] \*seen when\*", item) for item in numbered(sections["Objectives"])]
    complaints += [f"no '*seen when*' in: {item[0]}" for item in told if len(item) != 2]
    complaints += _differences("objectives", [i[0] for i in told], objectives_of(notebook))
    if len(re.findall(r"^- \*\*\".+?\"\*\*", sections["Misconceptions"], re.M | re.S)) < (
        FEWEST_MISCONCEPTIONS
    ):
        complaints.append(f"fewer than {FEWEST_MISCONCEPTIONS} misconceptions")
    schema = schema_of(notebook)
    varied = re.findall(r"^\| `(\w+)` \|", sections["Vary the parameters"], re.M)
    complaints += _differences("parameters", varied, list(schema.names))
    listed = re.findall(r"^- `([\w.]+)`:", sections["Exercises"], re.M)
    complaints += _differences("exercises", listed, exercises_of(notebook))
    commands = re.findall(r"`(labkit run [^`]+)`", page)
    return complaints + [c for command in commands for c in _refused(command, path.stem, schema)]


def _differences(what: str, page: list[str], notebook: list[str]) -> list[str]:
    missing = [f"{what} lack {name!r}" for name in notebook if name not in page]
    return missing + [f"{what} hold {name!r}, not in the notebook" for name in page
                      if name not in notebook]  # fmt: skip


def _refused(command: str, name: str, schema: Schema) -> list[str]:
    """Whether the notebook would refuse the command."""
    words = shlex.split(command)[2:]
    if words.pop(0) != name:
        return [f"another notebook is run: {command}"]
    given: dict[str, list] = {}
    while words:
        flag = words.pop(0)
        key = "profile" if flag == "--profile" else words.pop(0)
        values = words.pop(0)
        given[key] = [read_value(v) for v in (values.split(",") if flag == "--grid" else [values])]
    try:
        for point in expand_grid(given):
            schema.validate(point)
    except ParameterError as error:
        return [f"{command}: {error}"]
    return []
