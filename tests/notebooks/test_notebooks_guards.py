"""Planted faults, on copies: each must be found, or a broken notebook would pass in silence."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
import pytest
from notebook_guards import builder, complaints_about, run_nbval

SOURCE = """\
# %% [markdown]
# # A small notebook: is one and one two?

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
addend = 1  # 0 to 9

# %%
from labkit import teach

# %% tags=["nbval-ignore-output"]
run = teach.start(globals(), {name: {"seconds": 1} for name in teach.PROFILES})
run

# %%
total = 1 + addend
print(f"the sum is {total}")

# %%
print(f"twice the sum is {2 * total}")

# %%
assert total == 2

# %%
teach.exercise("start_here.ridge_point").check(None)

# %%
teach.exercise("start_here.attainable").check(None)

# %%
teach.exercise("start_here.limit_of_add").check(None)
"""
NUMBER_CELL, TWICE_CELL, ASSERT_CELL = 4, 5, 6


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A folder like notebooks/, with one small notebook built in it."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "source").mkdir()
    source = folder / "source" / "small.py"
    source.write_text(SOURCE)
    assert "written" in builder.build(source)
    return folder / "small.ipynb"


@pytest.fixture
def copied(sound, tmp_path):
    """Change a copy: ``copied(change)`` gives its path and that of its source."""

    def apply(change) -> tuple[Path, Path]:
        notebook = nbformat.read(sound, as_version=4)
        change(notebook)
        path = tmp_path / "small.ipynb"
        nbformat.write(notebook, path)
        return path, sound.parent / "source" / "small.py"

    return apply


def test_the_sound_notebook_passes_and_building_again_changes_no_byte(sound, notebook_environment):
    assert complaints_about(sound) == []
    code, report = run_nbval(sound)
    assert code == 0, report
    before = sound.read_bytes()
    sound.unlink()
    builder.build(sound.parent / "source" / "small.py")
    assert sound.read_bytes() == before


def test_nbval_finds_a_changed_number_and_a_stripped_output(copied, notebook_environment):
    def plant(notebook):
        notebook.cells[NUMBER_CELL].outputs[0].text = "the sum is 3\n"
        notebook.cells[TWICE_CELL].outputs = []

    path, _ = copied(plant)
    code, report = run_nbval(path)
    assert code == 1
    assert "2 failed, 7 passed" in report
    assert report.count("Cell outputs differ") >= 2  # pytest says each again where CI is set
    assert "the sum is 3" in report  # what was stored, beside what came


def never_executed(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def one_cell_unrun(notebook):
    cell = notebook.cells[NUMBER_CELL]
    cell.outputs, cell.execution_count = [], None


def out_of_order(notebook):
    notebook.cells[NUMBER_CELL].execution_count = 9


def stale_source(notebook):
    notebook.cells[NUMBER_CELL].source += "\nprint('new')"


def lost_tag(notebook):
    notebook.cells[3].metadata.tags = []


def ignore_everything(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.tags = ["nbval-ignore-output"]


def no_assert(notebook):
    notebook.cells[ASSERT_CELL].source = "total == 2"


def stored_error(notebook):
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])
    notebook.cells[NUMBER_CELL].outputs = [error]


def stored_warning(notebook):
    warning = nbformat.v4.new_output("stream", name="stderr", text="UserWarning: careful")
    notebook.cells[3].outputs.append(warning)


def stored_widget(notebook):
    data = {builder.WIDGET: {"model_id": "0"}, "text/plain": "slider"}
    notebook.cells[NUMBER_CELL].outputs = [nbformat.v4.new_output("display_data", data)]


def mute_picture(notebook):
    data = {"image/png": "iVBORw0KGgo="}
    notebook.cells[NUMBER_CELL].outputs = [nbformat.v4.new_output("display_data", data)]


def timestamps(notebook):
    notebook.cells[NUMBER_CELL].metadata["execution"] = {"iopub.status.busy": "2026"}


def long_cell(notebook):
    notebook.cells[NUMBER_CELL].source = "\n".join(["x = 1"] * 16)


def long_function(notebook):
    body = "\n".join(f"    x = {i}" for i in range(8))
    notebook.cells[NUMBER_CELL].source = f"def f():\n{body}"


def two_exercises(notebook):
    del notebook.cells[-1]


def parameter_without_rule(notebook):
    notebook.cells[1].source += "\nrate = 0.1"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (never_executed, "not executed once in order"),
        (one_cell_unrun, "not executed once in order"),
        (out_of_order, "not executed once in order"),
        (stale_source, "differs from small.py, first at 'total"),
        (lost_tag, "differs from small.py"),
        (ignore_everything, "no output is checked"),
        (no_assert, "no assert"),
        (stored_error, "stored an error"),
        (stored_warning, "stored a warning"),
        (stored_widget, "a widget is stored"),
        (mute_picture, "no alternative text"),
        (timestamps, "cell metadata holds ['execution']"),
        (long_cell, "a cell has 16 lines"),
        (long_function, "f is longer than 8 lines"),
        (two_exercises, "2 exercises and 2 checks: 3 at least"),
        (parameter_without_rule, "parameters: rate must be"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_guard_finds_a_planted(fault, words, copied):
    path, source = copied(fault)
    assert any(words in complaint for complaint in complaints_about(path, source))


def test_a_notebook_that_fails_is_not_written(tmp_path):
    (tmp_path / "source").mkdir()
    source = tmp_path / "source" / "broken.py"
    source.write_text("# %%\n1 / 0\n")
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        builder.build(source)
    assert not (tmp_path / "broken.ipynb").exists()


def test_only_a_refresh_replaces_what_was_measured(sound, tmp_path, monkeypatch):
    stored = nbformat.read(sound, as_version=4)
    again = copy.deepcopy(stored)
    again.cells[3].outputs[0].data["text/plain"] = "measured anew"
    (tmp_path / "source").mkdir()
    nbformat.write(stored, tmp_path / "small.ipynb")
    source = tmp_path / "source" / "small.py"
    source.write_text(SOURCE)
    monkeypatch.setattr(builder, "execute", lambda *_: again)
    assert "unchanged" in builder.build(source)
    assert "written" in builder.build(source, refresh=True)
    assert "measured anew" in (tmp_path / "small.ipynb").read_text()
