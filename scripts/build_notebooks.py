"""Execute notebooks/source/*.py and write notebooks/*.ipynb with their outputs stored.

    python scripts/build_notebooks.py [NAMES] [--jobs N] [--refresh]

The result is deterministic: no timestamps, no widget state, no versions of the
kernel, cell ids made from the text, streams joined however they were flushed.
Running it twice changes no byte. Cells tagged ``nbval-ignore-output`` show
measured times: their stored outputs are kept while everything else in the
notebook is unchanged, unless ``--refresh`` asks for new measurements.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from labkit.teach import RESULT_MIME

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
MEASURED = "nbval-ignore-output"
WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT_S = 300
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def read_source(path: Path) -> NotebookNode:
    """The notebook that a py:percent file describes, without outputs."""
    notebook = jupytext.read(path)
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k == "tags"})
    notebook.metadata = nbformat.from_dict(copy.deepcopy(METADATA))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell in ``folder`` on the CPU, on embedded data only; tidy the outputs."""
    environment = {k: v for k, v in os.environ.items() if k != "LABKIT_DATA"}
    environment |= {"JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    client.execute(env=environment)
    tidy(notebook)
    return notebook


def tidy(notebook: NotebookNode) -> None:
    """Drop what differs between runs though nothing changed."""
    notebook.metadata = nbformat.from_dict(copy.deepcopy(METADATA))
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET, None)
            output.get("data", {}).get(RESULT_MIME, {}).get("start", {}).pop("revision", None)
        cell.outputs = [o for o in cell.outputs if "data" not in o or o.data]


def is_measured(cell: NotebookNode) -> bool:
    """Whether the cell shows measured numbers, a widget or progress."""
    return MEASURED in cell.metadata.get("tags", [])


def checked_part(notebook: NotebookNode) -> NotebookNode:
    """The notebook without the outputs of its measured cells."""
    bare = copy.deepcopy(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code" and is_measured(cell):
            cell.outputs = []
    return bare


def build(source: Path, *, refresh: bool = False) -> str:
    """Bring ``notebooks/NAME.ipynb`` up to date; return a line that says what happened."""
    target = source.parent.parent / f"{source.stem}.ipynb"
    start = time.perf_counter()
    try:
        notebook = execute(read_source(source), target.parent)
    except (CellExecutionError, CellTimeoutError) as error:
        raise SystemExit(f"{source.name} failed:\n{error}") from None
    took = f"{time.perf_counter() - start:.1f} s"
    if target.exists() and not refresh:
        stored = nbformat.read(target, as_version=4)
        if checked_part(stored) == checked_part(notebook):
            return f"{target.name}: unchanged ({took})"
    nbformat.validate(notebook)
    target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return f"{target.name}: written ({took})"


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="notebooks to build; all by default")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks at once")
    parser.add_argument("--refresh", action="store_true", help="store new measurements too")
    arguments = parser.parse_args()
    sources = sorted((NOTEBOOKS / "source").glob("*.py"))
    if arguments.names:
        wanted = {Path(name).stem for name in arguments.names}
        unknown = wanted - {source.stem for source in sources}
        if unknown:
            sys.exit(f"no source for {', '.join(sorted(unknown))} in {NOTEBOOKS / 'source'}")
        sources = [source for source in sources if source.stem in wanted]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for line in pool.map(lambda source: build(source, refresh=arguments.refresh), sources):
            print(line, flush=True)


if __name__ == "__main__":
    main()
