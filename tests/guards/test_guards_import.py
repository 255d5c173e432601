"""`import labkit` costs next to nothing and loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
import time

HEAVY = ("jax", "flax", "numpy", "qiskit", "matplotlib", "sklearn", "pandas", "IPython", "pooch")


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def test_import_loads_nothing_heavy():
    code = f"import sys, labkit; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_import_takes_less_than_a_tenth_of_a_second():
    # The least of several, in turn: what else the machine does can only add time.
    bare, with_labkit = zip(
        *((seconds("pass"), seconds("import labkit")) for _ in range(7)), strict=True
    )
    assert min(with_labkit) - min(bare) < 0.1


def test_an_unknown_room_is_named():
    code = "import labkit; labkit.kernals"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "labkit has no room 'kernals'" in done.stderr
