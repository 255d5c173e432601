"""Every notebook: whole, and giving again what it stored."""

from __future__ import annotations

import pytest
from notebook_guards import NOTEBOOKS, complaints_about, run_nbval

STORED = sorted(NOTEBOOKS.glob("*.ipynb"))


def test_every_source_is_built_and_every_notebook_has_a_source():
    sources = {path.stem for path in (NOTEBOOKS / "source").glob("*.py")}
    assert sources == {path.stem for path in STORED}, "run make notebooks"


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_notebook_passes_the_guards(path):
    assert complaints_about(path) == []


@pytest.mark.usefixtures("notebook_environment")
@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_notebook_gives_again_what_it_stored(path):
    code, report = run_nbval(path)
    assert code == 0, report[-8000:]
