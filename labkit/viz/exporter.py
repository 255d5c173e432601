"""``jupyter nbconvert --to labkit``: a page whose pictures have words and whose Explorers move.

JupyterLab lists it under "Save and Export Notebook As".
"""

from __future__ import annotations

from typing import Any

from nbconvert import HTMLExporter

from labkit.viz.pages import with_html

__all__ = ["PageExporter"]


class PageExporter(HTMLExporter):
    """nbconvert's HTML page of a notebook that passed through ``with_html``."""

    export_from_notebook = "HTML with labkit's Explorers"

    def from_notebook_node(
        self, nb: Any, resources: Any = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page's text, and nbconvert's resources."""
        return super().from_notebook_node(with_html(nb), resources, **kwargs)
