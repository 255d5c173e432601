"""Every notebook has a teacher's page, and none lags behind its notebook."""

from __future__ import annotations

import pytest
from teacher_pages import NOTEBOOKS, PAGES, complaints_about

STORED = sorted(NOTEBOOKS.glob("*.ipynb"))


def test_every_page_is_of_a_notebook():
    pages = {path.stem for path in PAGES.glob("[0-9]*.md")}
    assert pages <= {path.stem for path in STORED}


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_notebook_has_a_whole_teachers_page(path):
    page = PAGES / f"{path.stem}.md"
    assert page.exists(), f"write docs/teacher/{path.stem}.md, after the example of 00_start_here"
    assert complaints_about(page.read_text(), path) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("## Time", "## Duration", "no section 'Time'"),
        ("45 minutes", "a while", "Time says no minutes"),
        ("4. predict how long", "4. guess how long", "objectives lack 'predict how long"),
        ("*seen when* the slider", "when the slider", "no '*seen when*'"),
        ("- **\"", "- \"", "fewer than 3 misconceptions"),
        ("| `size` |", "| `width` |", "parameters lack 'size'"),
        ("| `size` |", "| `width` |", "parameters hold 'width'"),
        ("size 64,256", "size 64,25", "size must be"),
        ("-p seed 1", "-p sead 1", "Did you mean seed?"),
        ("labkit run 00_start_here -p", "labkit run 01_kernels -p", "another notebook is run"),
        ("- `start_here.attainable`:", "-", "exercises lack 'start_here.attainable'"),
    ],
)  # fmt: skip
def test_a_page_that_lags_behind_is_found(old, new, words):
    page = (PAGES / "00_start_here.md").read_text()
    assert old in page
    found = complaints_about(page.replace(old, new), NOTEBOOKS / "00_start_here.ipynb")
    assert any(words in complaint for complaint in found), found
