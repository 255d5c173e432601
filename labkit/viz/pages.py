"""Notebook outputs as HTML for pages: pictures with their words, Explorers that still move.

nbconvert and Sphinx know neither the words of a PNG nor labkit's frames; they show ``text/html``.
So a notebook that is about to become a page passes through ``with_html`` first.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from html import escape
from typing import Any

from labkit.viz.still import EXPLORER_MIME
from labkit.viz.widget import WIDGET_MIME, web_file

__all__ = ["with_html"]


def with_html(notebook: Any) -> Any:
    """A copy of a notebook in which every picture is an ``<img>`` with its alternative text.

    Explorers become a picture with a table, and move where frames were stored. The page needs
    no network and no kernel; its scripts are inline.

    Args:
        notebook: as ``nbformat.read`` gives it; not changed.

    Example:
        >>> import nbformat
        >>> png = {"image/png": "iVBORw0KGgo="}
        >>> words = {"image/png": {"alt": "A line."}}
        >>> shown = nbformat.v4.new_output("display_data", png, metadata=words)
        >>> cell = nbformat.v4.new_code_cell(outputs=[shown])
        >>> page = with_html(nbformat.v4.new_notebook(cells=[cell]))
        >>> page.cells[0].outputs[0].data["text/html"]
        '<img alt="A line." src="data:image/png;base64,iVBORw0KGgo=">'
    """
    page = copy.deepcopy(notebook)
    count = 0
    for cell in page.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" not in data:
                continue
            html = _image(data["image/png"], output.get("metadata", {}))
            if EXPLORER_MIME in data:
                data.pop(WIDGET_MIME, None)
                html = _explorer(html, data, output["metadata"], script=not count)
                count += 1
            data["text/html"] = html
            del data["image/png"]
    return page


def _image(png: str | list[str], metadata: Mapping[str, Any]) -> str:
    text = "".join(png).replace("\n", "")
    words = escape(metadata.get("image/png", {}).get("alt", ""))
    return f'<img alt="{words}" src="data:image/png;base64,{text}">'


def _explorer(
    image: str, data: Mapping[str, Any], metadata: Mapping[str, Any], *, script: bool
) -> str:
    """The picture and its table; with frames, a script that puts controls in their place.

    Args:
        image: the first picture, for readers without scripts.
        data: of the output.
        metadata: of the output.
        script: whether this is the page's first, which carries the code for all.
    """
    stored = data[EXPLORER_MIME]
    table = _table(stored["rows"])
    if not stored.get("frames"):
        return image + table
    code = web_file("explorer.js") + web_file("still.js") if script else ""
    style = f"<style>{web_file('explorer.css')}</style>" if script else ""
    first = {"png": "".join(data["image/png"]), "alt": metadata["image/png"]["alt"]}
    told = json.dumps({**stored, "first": first}).replace("<", "\\u003c")
    place = "const here = document.currentScript.previousElementSibling; here.replaceChildren();"
    return (
        f"{style}<div>{image}</div><script>{code}\n{{ {place} labkitStill(here, {told}); }}"
        f"</script>{table}"
    )


def _table(rows: list[list[str]]) -> str:
    cells = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in rows)
    head = '<thead><tr><th scope="col">setting</th><th scope="col">picture</th></tr></thead>'
    return (
        f"<details><summary>The same in words</summary><table>{head}<tbody>{cells}</tbody>"
        "</table></details>"
    )
