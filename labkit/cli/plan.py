"""What `labkit run` is asked to do: which notebooks, with which parameters, all of them checked."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.errors import ArgumentError, ParameterError
from labkit.teach import Schema, parse_parameters

__all__ = ["Job", "find_notebooks", "plan_jobs", "read_schema", "read_value", "request_id"]

#: Characters of a label; a longer one is cut, and told apart by a digest.
LONGEST_NAME = 120


@dataclass(frozen=True)
class Job:
    """One notebook to run, once.

    Attributes:
        label: its name in the run's folder; the notebook's, and in a sweep what varies.
        notebook: the file.
        parameters: what is injected.
        notebook_sha256: of the file, to see whether a stored result is still of it.
    """

    label: str
    notebook: Path
    parameters: Mapping[str, Any]
    notebook_sha256: str


def find_notebooks(folder: Path, names: Sequence[str]) -> list[Path]:
    """The notebooks of those names, or all; a name may be a file or the start of one name.

    Raises:
        ArgumentError: there is no such notebook, or several begin like that.
    """
    known = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if not known:
        fix = "Run labkit where the course lies, or say --notebooks FOLDER."
        raise ArgumentError("--notebooks", required="a folder with notebooks", got=folder, fix=fix)
    found = []
    for name in names:
        stem = Path(name).stem
        close = [stem] if stem in known else [key for key in known if key.startswith(stem)]
        if len(close) != 1:
            raise ArgumentError("NAMES", required=f"each one of {', '.join(known)}", got=name)
        found.append(known[close[0]])
    return list(dict.fromkeys(found)) or list(known.values())


def read_schema(notebook: Path) -> Schema:
    """The schema that a notebook's cell tagged ``parameters`` declares.

    Raises:
        ParameterError: the notebook has no such cell.
    """
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            return parse_parameters("".join(cell["source"]))
    required = "a notebook with a cell tagged 'parameters'"
    raise ParameterError(notebook.name, required=required, got="no such cell")


def read_value(text: str) -> Any:
    """A value from the command line: a Python literal where it is one, else the text.

    Example:
        >>> [read_value(word) for word in ("2", "1e-3", "True", "false", "[1, 2]", "None")]
        [2, 0.001, True, 'false', [1, 2], None]
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def plan_jobs(
    notebooks: Sequence[Path],
    profile: str,
    parameters: Mapping[str, Any],
    points: Sequence[Mapping[str, Any]] = ({},),
) -> list[Job]:
    """One job for each notebook and each point of a sweep, every parameter held to its rule.

    Raises:
        ParameterError: naming the notebook; nothing has been run then.
        ArgumentError: two points are the same.
    """
    jobs: dict[str, Job] = {}
    for notebook in notebooks:
        schema = read_schema(notebook)
        digest = hashlib.sha256(notebook.read_bytes()).hexdigest()
        for varied in points:
            given = {"profile": profile, **parameters, **varied}
            try:
                checked = schema.validate(given)
            except ParameterError as error:
                error.args = (f"{notebook.stem}: {error}",)
                raise
            label = "--".join([notebook.stem, *(f"{k}={v}" for k, v in varied.items())])
            label = _as_file_name(label)
            if label in jobs:
                raise ArgumentError("each point of a sweep", required="different", got=dict(varied))
            jobs[label] = Job(label, notebook, {k: checked[k] for k in given}, digest)
    return list(jobs.values())


def request_id(jobs: Sequence[Job]) -> str:
    """The same for the same command: what is to be run, with which parameters."""
    asked = [[job.label, str(job.notebook.resolve()), dict(job.parameters)] for job in jobs]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _as_file_name(label: str) -> str:
    name = "".join(c if c.isalnum() or c in "-_=.," else "_" for c in label)
    if name == label and len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
