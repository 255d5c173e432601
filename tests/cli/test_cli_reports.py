"""`labkit doctor` and `labkit data`: for people and for programs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import labkit
from labkit import kernels, perf
from labkit.cli import main


def invoke(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_doctor_says_what_this_machine_is(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = json.loads(invoke("doctor", "--json").output)
    assert found["labkit"] == labkit.__version__
    assert found["device"]["kind"] in ("cpu", "gpu", "tpu")
    assert found["versions"]["numpy"] == np.__version__
    assert {remedy["name"] for remedy in found["remedies"]} >= {"malloc", "compilation_cache"}
    assert found["calibration"] is None
    assert found["ledger"]["count"] == 0
    told = invoke("doctor")
    assert "labkit doctor --tune" in told.output
    assert told.exit_code == 0
    assert found["device"]["name"] in told.output


def test_doctor_tunes_when_asked_and_survives_a_damaged_calibration(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = []
    monkeypatch.setattr("labkit.perf.calibrate", lambda refresh: done.append(refresh))
    choice = kernels.Choice("conv3x3", {"pixels": 1}, "im2col", "im2col", {}, {})
    monkeypatch.setattr("labkit.kernels.tune", lambda: (choice,))
    perf.calibration_file().parent.mkdir(parents=True)
    perf.calibration_file().write_text("{}")
    told = invoke("doctor", "--tune").output
    assert done == [True]
    assert "conv3x3 {'pixels': 1}: im2col" in told
    assert "Calibration: unreadable" in told


def test_data_list_names_every_set():
    rows = json.loads(invoke("data", "list", "--json").output)
    by_name = {row["name"]: row for row in rows}
    assert by_name["digits"]["ready"]
    assert by_name["mnist"]["download_bytes"] > 1e7
    assert "embedded" in invoke("data", "list").output


def test_verify_reports_a_damaged_file_and_exits_1(tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    assert invoke("data", "verify", "digits").output == "digits: good\n"
    done = invoke("data", "verify", "mnist", "digits", "--json")
    assert done.exit_code == 1
    mnist, digits = json.loads(done.output)
    assert digits["ok"]
    assert {file["state"] for file in mnist["files"]} == {"missing"}


@pytest.mark.parametrize("action", ["verify", "fetch"])
def test_an_unknown_set_is_an_error_of_its_own(action):
    done = invoke("data", action, "mnits", "digits")
    assert done.exit_code == 1
    assert "mnist" in done.output
    assert "digits: good" in done.output
