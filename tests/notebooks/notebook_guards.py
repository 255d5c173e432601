"""What a stored notebook must be; each guard returns complaints, none if all is well.

nbval passes in silence what was never executed and what checks nothing, so these look
at the file before nbval runs it.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib.util
import io
import statistics
import warnings
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat import NotebookNode

from labkit.errors import ParameterError
from labkit.teach import PROFILES, parse_parameters

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
LONGEST_CELL, MEDIAN_CELL, LONGEST_DEF = 15, 6, 8
FEWEST_EXERCISES = 3
NBVAL_SETTINGS = Path(__file__).with_name("nbval.ini")


def _load_builder() -> ModuleType:
    path = ROOT / "scripts" / "build_notebooks.py"
    spec = importlib.util.spec_from_file_location("build_notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


builder = _load_builder()


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def not_executed(notebook: NotebookNode) -> list[str]:
    """Every code cell ran, in order, in one kernel, without an error."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    complaints = []
    if counts != list(range(1, len(counts) + 1)):
        complaints.append(f"code cells were not executed once in order: counts {counts}")
    for cell in code_cells(notebook):
        if any(output.output_type == "error" for output in cell.outputs):
            complaints.append(f"this cell stored an error: {cell.source[:60]!r}")
        said = "".join(o.text for o in cell.outputs if o.get("name") == "stderr")
        if "Warning" in said or (said and not builder.is_measured(cell)):
            complaints.append(f"this cell stored a warning: {cell.source[:60]!r}")
    return complaints


def checks_nothing(notebook: NotebookNode) -> list[str]:
    """At least one output is compared, and the headline claim is an assert."""
    checked = [
        cell for cell in code_cells(notebook) if cell.outputs and not builder.is_measured(cell)
    ]
    complaints = [] if checked else ["no output is checked: every one is ignored or stripped"]
    trees = [ast.parse(cell.source) for cell in code_cells(notebook)]
    asserts = sum(isinstance(node, ast.Assert) for tree in trees for node in ast.walk(tree))
    return complaints if asserts else [*complaints, "no assert states the headline claim"]


def disagrees_with_source(notebook: NotebookNode, source: Path) -> list[str]:
    """The same cells, text, tags and ids as the py:percent file, in the same order."""
    if not source.exists():
        return [f"there is no {source.name} in notebooks/source"]

    def essence(book: NotebookNode) -> list[tuple]:
        return [(c.id, c.cell_type, c.source, c.metadata.get("tags", [])) for c in book.cells]

    stored, wanted = essence(notebook), essence(builder.read_source(source))
    if stored == wanted:
        return []
    differing = [s or w for s, w in zip(stored, wanted, strict=False) if s != w]
    where = differing[0][2][:60] if differing else "the number of cells"
    return [f"differs from {source.name}, first at {where!r}: run make notebooks"]


def is_not_deterministic(notebook: NotebookNode) -> list[str]:
    """No widget state, no timestamps, no kernel version."""
    complaints = []
    if notebook.metadata != nbformat.from_dict(builder.METADATA):
        complaints.append("metadata holds more than the kernel's name: run make notebooks")
    for cell in code_cells(notebook):
        extra = set(cell.metadata) - {"tags"}
        if extra:
            complaints.append(f"cell metadata holds {sorted(extra)}: {cell.source[:60]!r}")
        if any(builder.WIDGET in output.get("data", {}) for output in cell.outputs):
            complaints.append(f"a widget is stored in: {cell.source[:60]!r}")
    return complaints


def is_misshapen(notebook: NotebookNode) -> list[str]:
    """Title, parameters first, `start`, short cells; long functions belong in labkit."""
    complaints = []
    if not notebook.cells[0].source.startswith("# "):
        complaints.append("the first cell is not a title")
    cells = code_cells(notebook)
    if "parameters" not in cells[0].metadata.get("tags", []):
        complaints.append("the first code cell is not tagged 'parameters'")
    else:
        complaints += _bad_parameters(cells[0].source)
    if not any("teach.start(" in cell.source for cell in cells[:4]):
        complaints.append("teach.start is not called at the top")
    lengths = [len(cell.source.splitlines()) for cell in cells]
    if max(lengths) > LONGEST_CELL:
        longest = cells[lengths.index(max(lengths))].source[:60]
        complaints.append(f"a cell has {max(lengths)} lines, {LONGEST_CELL} at most: {longest!r}")
    if statistics.median(lengths) > MEDIAN_CELL + 2:
        complaints.append(f"the median cell has {statistics.median(lengths)} lines")
    for cell in cells:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LONGEST_DEF:
                complaints.append(f"{node.name} is longer than {LONGEST_DEF} lines: to labkit")
    return complaints


def _bad_parameters(source: str) -> list[str]:
    try:
        schema = parse_parameters(source)
    except ParameterError as error:
        return [f"parameters: {error}"]
    first = schema.parameters[0]
    if (first.name, first.default, first.choices) != ("profile", "smoke", PROFILES):
        return ['the first parameter is not: profile = "smoke"  # one of: smoke, class, full']
    return []


def has_few_exercises(notebook: NotebookNode) -> list[str]:
    """Three exercises at least, each followed by its check."""
    source = "\n".join(cell.source for cell in code_cells(notebook))
    posed, checked = source.count("teach.exercise("), source.count(".check(")
    if posed < FEWEST_EXERCISES or checked < FEWEST_EXERCISES:
        return [f"{posed} exercises and {checked} checks: {FEWEST_EXERCISES} at least"]
    return []


def has_mute_pictures(notebook: NotebookNode) -> list[str]:
    """Every picture is a PNG with alternative text."""
    complaints = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if {"image/jpeg", "image/svg+xml"} & set(data):
                complaints.append(f"a picture is not PNG: {cell.source[:60]!r}")
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            if "image/png" in data and not alt:
                complaints.append(f"a picture has no alternative text: {cell.source[:60]!r}")
    return complaints


def complaints_about(path: Path, source: Path | None = None) -> list[str]:
    """All guards at once."""
    source = source or path.parent / "source" / f"{path.stem}.py"
    notebook = nbformat.read(path, as_version=4)
    return [
        *not_executed(notebook),
        *checks_nothing(notebook),
        *disagrees_with_source(notebook, source),
        *is_not_deterministic(notebook),
        *is_misshapen(notebook),
        *has_few_exercises(notebook),
        *has_mute_pictures(notebook),
    ]


def run_nbval(path: Path) -> tuple[int, str]:
    """Execute a notebook again and compare each checked output: exit code and report.

    nbval's pytest runs inside this process: a new one would spend seconds on imports.
    """
    report = io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(report))
        stack.enter_context(contextlib.redirect_stderr(report))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", ResourceWarning)  # nbval leaves /dev/null open
        code = pytest.main(["-c", str(NBVAL_SETTINGS), "--nbval", str(path)])
        gc.collect()
    return int(code), report.getvalue()
