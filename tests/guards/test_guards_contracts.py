"""The guards bite: each planted fault makes its guard fail, and the house as it stands passes."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import jaxtyping
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def house(tmp_path) -> Path:
    """A copy of the package and its contracts, to plant faults in."""
    shutil.copytree(
        ROOT / "labkit", tmp_path / "labkit", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=house,
        env={"PATH": str(BIN), "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
    )


def plant(house: Path, module: str, line: str) -> None:
    path = house / "labkit" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    if line.startswith("import labkit."):  # what it imports stands, even if its room is yet to come
        room = house / "labkit" / line.removeprefix("import labkit.")
        room.mkdir(exist_ok=True)
        (room / "__init__.py").touch()


def test_the_house_as_it_stands_keeps_its_contracts(house):
    done = lint_imports(house)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("errors.py", "import labkit.hw", "A room imports from rooms below it"),
        ("hw/__init__.py", "import labkit.train", "A room imports from rooms below it"),
        ("data/__init__.py", "import labkit.kernels", "A room imports from rooms below it"),
        ("attic/__init__.py", "", "A room imports from rooms below it"),
        ("kernels/__init__.py", "import qiskit", "qiskit is imported in quantum only"),
        ("train/__init__.py", "import matplotlib.pyplot", "plotting happens in viz only"),
        ("models/__init__.py", "import pooch", "downloading happens in data only"),
    ],
)
def test_a_room_in_the_wrong_place_breaks_its_contract(house, module, line, broken):
    plant(house, module, line)
    done = lint_imports(house)
    assert done.returncode != 0, done.stdout
    failed = [x for x in done.stdout.splitlines() if "BROKEN" in x or "not listed" in x.lower()]
    assert any(broken in x for x in failed) or broken in done.stdout.partition("Broken")[2], (
        done.stdout
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("def half(x: int) -> str:\n    return x // 2", "Incompatible return value type"),
        ("def untyped(x):\n    return x", "missing a type annotation"),
    ],
)
def test_the_type_checker_refuses(tmp_path, line, complaint):
    (tmp_path / "planted.py").write_text(f"{line}\n")
    done = subprocess.run(
        [BIN / "mypy", "--config-file", ROOT / "pyproject.toml", "planted.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout
    assert complaint in done.stdout


def test_the_linter_refuses_in_code_and_in_notebooks(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "planted.py").write_text('"""A module."""\n\nimport os\n')
    notebook = (
        '{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {},'
        ' "outputs": [], "source": ["undefined_name"]}], "metadata": {}, "nbformat": 4,'
        ' "nbformat_minor": 5}'
    )
    (tmp_path / "planted.ipynb").write_text(notebook)
    done = subprocess.run(
        [BIN / "ruff", "check", "."], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "F401" in done.stdout
    assert "F821" in done.stdout


def test_annotations_are_checked_while_testing(tmp_path, monkeypatch):
    """Shapes in signatures are checks under test, here and in a module planted for it."""
    from labkit.units import format_bytes

    with pytest.raises(jaxtyping.TypeCheckError):
        format_bytes("ten")

    (tmp_path / "planted_shapes.py").write_text(
        "from jaxtyping import Float\n"
        "import numpy as np\n"
        "def square(x: Float[np.ndarray, 'n n']) -> None: ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with jaxtyping.install_import_hook("planted_shapes", "beartype.beartype"):
        square = importlib.import_module("planted_shapes").square
    square(np.zeros((2, 2)))
    with pytest.raises(jaxtyping.TypeCheckError):
        square(np.zeros((2, 3)))
