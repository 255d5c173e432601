"""A course of three small notebooks, and the command as a user would start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = """\
profile = "smoke"  # one of: smoke, class, full
epochs = 3  # epochs, 1 to 9
augment = False  # True or False
"""
START = """\
from labkit import teach
import os, pathlib, time
with open(os.environ["EXECUTED"], "a") as log:
    print(NAME, file=log)
run = teach.start(globals(), {name: {"seconds": 2} for name in teach.PROFILES})
run"""
# Just the signature of a PNG: what counts is that it is found and put on the page.
PICTURE = """\
from IPython.display import display
png, words = {"image/png": "iVBORw0KGgo="}, {"image/png": {"alt": "A rising line."}}
display(png, raw=True, metadata=words)"""
COURSE = {
    "01_good": ["teach.publish(epochs=run.epochs)", PICTURE],
    "02_breaks": ["print('got so far')", "1 / 0", "print('never')"],
    "03_waits": ["while not pathlib.Path(os.environ['GO']).exists(): time.sleep(0.05)"],
}


@pytest.fixture
def course(tmp_path) -> Path:
    """A folder with ``notebooks/`` in it, to run labkit in."""
    (tmp_path / "notebooks").mkdir()
    for name, sources in COURSE.items():
        parameters = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
        start = nbformat.v4.new_code_cell(f"NAME = {name!r}\n{START}")
        cells = [parameters, start, *map(nbformat.v4.new_code_cell, sources)]
        python = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": python})
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    return tmp_path


@pytest.fixture
def environment(course) -> dict[str, str]:
    """Where the notebooks log that they ran, and the file that 03_waits waits for."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    told = {"EXECUTED": str(course / "executed"), "GO": str(course / "go"), "PYTHONPATH": path}
    return {**os.environ, **told, "XDG_CACHE_HOME": str(course / "cache")}


@pytest.fixture
def start_labkit(course, environment):
    """``start_labkit(*arguments)``: the command as a process, in the course's folder."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        program = "from labkit.cli import main; main(prog_name='labkit')"
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=course,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
