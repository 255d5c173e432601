"""Sphinx's settings. The site is staged and built by ``python -m scripts.website``."""

from __future__ import annotations

import json
from pathlib import Path

import labkit

HERE = Path(__file__).parent

project = "labkit"
author = "The labkit authors"
copyright = "the labkit authors, Apache-2.0"  # noqa: A001
version = release = labkit.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["assets.toml", "figures.json"]

# ------------------------------------------------------------------ pages and notebooks
nb_execution_mode = "off"  # what is stored was executed and is compared by the tests
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {
    "vendor/requirejs/require.js": {},
    "vendor/html-manager/embed-amd.js": {},
}
myst_enable_extensions = ["amsmath", "dollarmath", "substitution", "colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
myst_substitutions = json.loads((HERE / "figures.json").read_text(encoding="utf-8"))

# ------------------------------------------------------------------ docstrings
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Source", "notes_style")]

# ------------------------------------------------------------------ the look
html_theme = "pydata_sphinx_theme"
html_title = "labkit"
html_static_path = ["_static"]
html_extra_path = ["../site-extra"]
html_css_files = ["labkit.css"]
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"index": []}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_nav_level": 1,
    "navigation_depth": 2,
    "back_to_top_button": True,
}
mathjax_path = "vendor/mathjax/tex-mml-chtml.js"
mathjax3_config = {"options": {"enableMenu": False}}


# ------------------------------------------------------------------ kets in docstrings
def escape_bars(_app, _what, _name, _object, _options, lines: list[str]) -> None:
    """Write ``|0⟩`` so that reStructuredText does not read a substitution in it."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            plain = line.split("``")
            lines[number] = "``".join(
                part if odd else part.replace("|", r"\|")
                for part, odd in zip(plain, [False, True] * len(plain), strict=False)
            )


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", escape_bars, priority=900)
