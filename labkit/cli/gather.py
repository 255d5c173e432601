"""One table from a folder of executed notebooks: what each was told, gave, and ran on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.errors import ArgumentError
from labkit.teach import RESULT_MIME

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["gather"]

#: The groups of columns, in the order in which the table shows them.
GROUPS = ("parameter.", "result.", "device", "revision", "version.", "measured.")
_DTYPES: dict[str, set[type]] = {
    "string": {str}, "boolean": {bool}, "Int64": {int}, "Float64": {int, float}
}  # fmt: skip


def gather(folder: Path, *, measured: bool = False) -> pd.DataFrame:
    """One row for each executed notebook below a folder that publishes by labkit's MIME type.

    Args:
        folder: the folder of a run, or one that holds several.
        measured: add wall time and peak memory, which differ from run to run.

    Returns:
        Columns ``run``, ``notebook``, ``status`` (ok, failed or unfinished), ``profile``,
        ``parameter.*``, ``result.*``, ``device``, ``revision`` (of git), ``version.*``, and
        with ``measured`` also ``measured.*``. The same files give the same table.

    Raises:
        ArgumentError: there is no such notebook.
    """
    import pandas as pd

    paths = sorted(folder.rglob("*.ipynb"), key=lambda path: path.relative_to(folder).parts)
    paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts]
    rows = [row for path in paths if (row := _row(path, folder, measured))]
    if not rows:
        fix = "Run some first: labkit run --out FOLDER."
        required = "a folder with executed notebooks of labkit"
        raise ArgumentError("FOLDER", required=required, got=str(folder), fix=fix)
    columns = {name: _column(row.get(name) for row in rows) for name in _names(rows)}
    return pd.DataFrame(columns)


def _row(path: Path, folder: Path, measured: bool) -> dict[str, Any] | None:
    """What one notebook says of itself; ``None`` if it never got as far as ``teach.start``."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    published = list(_published(cells))
    start = next((entry["start"] for entry in published if "start" in entry), None)
    if start is None:
        return None
    papermill = notebook["metadata"].get("papermill", {})
    parameters = {**papermill.get("parameters", {}), **start.get("parameters", {})}
    results = {k: v for entry in published for k, v in entry.get("results", {}).items()}
    run = path.relative_to(folder).with_suffix("")
    row = {
        "run": run.as_posix(),
        "notebook": Path(papermill.get("input_path") or run.name.partition("--")[0]).stem,
        "status": _status(cells),
        "profile": start.get("profile"),
        **{f"parameter.{name}": v for name, v in parameters.items() if name != "profile"},
        **{f"result.{name}": value for name, value in results.items()},
        "device": start.get("device"),
        "revision": start.get("revision"),
        **{f"version.{name}": value for name, value in start.get("versions", {}).items()},
    }
    return row | (_measured(path) if measured else {})


def _published(cells: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        yield output.get("data", {}).get(RESULT_MIME, {})


def _status(cells: list[dict[str, Any]]) -> str:
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    if any(output["output_type"] == "error" for output in outputs):
        return "failed"
    ran = all(cell.get("execution_count") for cell in cells if "".join(cell["source"]).strip())
    return "ok" if ran else "unfinished"


def _measured(path: Path) -> dict[str, Any]:
    """Wall time and memory, from the record that `labkit run` keeps beside the notebook."""
    try:
        record = json.loads((path.parent / "records" / f"{path.stem}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    names = ("measured_s", "predicted_s", "peak_bytes")
    return {f"measured.{name.removeprefix('measured_')}": record.get(name) for name in names}


def _names(rows: list[dict[str, Any]]) -> list[str]:
    """Every column that some row has, group by group, in the order of first appearance."""
    seen = list(dict.fromkeys(name for row in rows for name in row))

    def place(name: str) -> tuple[int, str]:
        group = next((i for i, begin in enumerate(GROUPS) if name.startswith(begin)), -1)
        return group, name if name.startswith("version.") else ""

    return sorted(seen, key=place)


def _column(values: Iterable[Any]) -> Any:
    """The values of one column, of one kind: as JSON text where they are of several, or lists."""
    import pandas as pd

    array: Any = pd.array
    column = list(values)
    types = {type(value) for value in column if value is not None}
    for dtype, accepted in _DTYPES.items():
        if types <= accepted:
            return array(column, dtype=dtype)
    text = [v if v is None or isinstance(v, str) else json.dumps(v) for v in column]
    return array(text, dtype="string")
