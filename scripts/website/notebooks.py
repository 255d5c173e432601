"""A page of the site from an executed notebook: pictures with their words, and its doors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from labkit.viz.pages import with_html
from scripts.website.doors import doors

#: What a page shows of an output, the best first; the rest is for programs.
SHOWN = ("text/html", "text/markdown", "text/latex", "text/plain")


def write_page(notebook: Path, pages: Path, extra: Path, repository: str) -> None:
    """Write the page of a notebook, and the file to download.

    Args:
        notebook: the executed notebook.
        pages: the folder of Sphinx's sources; the page goes to ``notebooks/`` in it.
        extra: the folder whose files are copied to the site as they are.
        repository: address for the doors, ``""`` if it is not known.
    """
    book = with_html(nbformat.read(notebook, as_version=4))
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [_shown(output) for output in cell.outputs]
    book.cells.insert(1, nbformat.v4.new_markdown_cell(doors(notebook.stem, repository)))
    for folder in (pages, extra):
        (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    (extra / "notebooks" / notebook.name).write_bytes(notebook.read_bytes())
    nbformat.write(book, pages / "notebooks" / notebook.name)


def title_of(notebook: Path) -> str:
    """The title of a notebook, its number included."""
    first = nbformat.read(notebook, as_version=4).cells[0].source
    return first.splitlines()[0].removeprefix("# ").strip()


def _shown(output: Any) -> Any:
    """The output with one kind of data, the best that it has."""
    if "data" in output:
        best = next((kind for kind in SHOWN if kind in output.data), None)
        output.data = {best: output.data[best]} if best else {}
        output.metadata = {}
    return output
