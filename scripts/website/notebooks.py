"""A page of the site from an executed notebook: pictures with their words, and its doors."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from html import escape
from pathlib import Path
from typing import Any

from scripts.website.doors import doors

#: What a page shows of an output, the best first; the rest is for programs.
SHOWN = ("text/html", "image/png", "text/markdown", "text/latex", "text/plain")


def write_page(notebook: Path, pages: Path, extra: Path, repository: str) -> None:
    """Write the page of a notebook, its pictures and the file to download.

    Args:
        notebook: the executed notebook.
        pages: the folder of Sphinx's sources; the page goes to ``notebooks/`` in it.
        extra: the folder whose files are copied to the site as they are.
        repository: address for the doors, ``""`` if it is not known.
    """
    book = json.loads(notebook.read_text(encoding="utf-8"))
    figures = extra / "notebooks" / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    for cell in book["cells"]:
        cell["outputs"] = [_shown(output, figures) for output in cell.get("outputs", [])]
        if cell["cell_type"] != "code":
            del cell["outputs"]
    book["cells"].insert(1, _markdown(doors(notebook.stem, repository), "doors"))
    (extra / "notebooks" / notebook.name).write_bytes(notebook.read_bytes())
    (pages / "notebooks").mkdir(parents=True, exist_ok=True)
    (pages / "notebooks" / notebook.name).write_text(json.dumps(book), encoding="utf-8")


def title_of(notebook: Path) -> str:
    """The title of a notebook, its number included."""
    book = json.loads(notebook.read_text(encoding="utf-8"))
    return "".join(book["cells"][0]["source"]).splitlines()[0].removeprefix("# ").strip()


def _shown(output: dict[str, Any], figures: Path) -> dict[str, Any]:
    """The output with one kind of data; a PNG becomes an image with its alternative text."""
    data = output.get("data")
    if not data:
        return output
    best = next((kind for kind in SHOWN if kind in data), None)
    if best is None:
        return {**output, "data": {}}
    if best == "image/png":
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        image = _image("".join(data[best]), alt, figures)
        return {**output, "data": {"text/html": image}, "metadata": {}}
    return {**output, "data": {best: data[best]}, "metadata": {}}


def _image(encoded: str, alt: str, figures: Path) -> str:
    png = base64.b64decode(encoded)
    name = f"{hashlib.sha256(png).hexdigest()[:16]}.png"
    (figures / name).write_bytes(png)
    width, height = struct.unpack(">II", png[16:24])
    return (
        f'<img src="figures/{name}" alt="{escape(alt)}" width="{width}" height="{height}" '
        'class="figure" loading="lazy">'
    )


def _markdown(source: str, name: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}
