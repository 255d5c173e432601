"""The ledger: whole lines from several processes, damage survived, errors summed up."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from labkit.errors import ArgumentError
from labkit.perf import ledger
from labkit.perf.pace import learn, pace

# The module alone, without the room and JAX: three processes start in a moment.
WRITER = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("ledger", sys.argv[1])
ledger = importlib.util.module_from_spec(spec)
sys.modules["ledger"] = ledger
spec.loader.exec_module(ledger)
for i in range(200):
    ledger.record(f"{sys.argv[3]}, {i}", predicted=1 + i, measured=2, file=Path(sys.argv[2]))
"""


def test_several_processes_keep_one_book(tmp_path):
    file = tmp_path / "deep" / "ledger.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, ledger.__file__, str(file), str(n)])
        for n in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len({entry.name for entry in ledger.entries(file)}) == 600
    assert len(file.read_text().splitlines()) == 600


def test_errors_are_summed_up_by_hand(tmp_path):
    file = tmp_path / "ledger.jsonl"
    for predicted in (1.0, 1.1, 0.8, 1.3, 3.0):
        ledger.record("x", predicted=predicted, measured=1.0, file=file)
    found = ledger.summarise(ledger.entries(file))
    assert found.count == 5
    assert found.median_error == pytest.approx(0.2)
    assert found.p90_error == pytest.approx(2.0)


def test_a_damaged_line_is_skipped(tmp_path):
    file = tmp_path / "ledger.jsonl"
    ledger.record("good", predicted=1, measured=1, file=file)
    with file.open("a") as book:
        book.write('{"name": "cut sho\n{"other": 1}\n')
    ledger.record("also good", predicted=1, measured=1, unit="B", file=file)
    assert [entry.name for entry in ledger.entries(file)] == ["good", "also good"]


def test_an_empty_book_says_so(tmp_path):
    assert str(ledger.summarise(ledger.entries(tmp_path / "none"))) == "no predictions yet"


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf])
def test_only_positive_figures_are_entered(tmp_path, bad):
    with pytest.raises(ArgumentError, match="measured must be positive and finite"):
        ledger.record("x", predicted=1, measured=bad, file=tmp_path / "ledger.jsonl")


def test_pace_is_the_median_of_the_notebooks_run_here(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "cache_folder", lambda: tmp_path)
    assert pace() == 1.0
    for measured_s in (20.0, 80.0, 30.0):  # of a notebook that states 10 s
        learn("00_demo", predicted_s=10.0, measured_s=measured_s, pace_used=1.0)
    ledger.record("01/matmul", predicted=1.0, measured=100.0)  # another unit: not a pace
    assert pace() == 3.0
