"""`labkit plan`: its answer, its exit codes, its errors."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from labkit.cli import main

GIVEN = ["plan", "--gflop", "8.2", "--parameters", "25.6", "--rate", "200", "--p99-ms", "50"]
MEASURED = {
    "name": "measured",
    "service_s": {"NVIDIA L4": {"bfloat16": [0.004, 0.006]}},
    "batch_sizes": [1, 8],
    "memory_bytes": {"bfloat16": 1e9},
    "rate": 100,
    "p99_ms": 100,
}


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_best_the_front_and_the_rejected_are_told():
    done = run(*GIVEN, "--p99-ms", 8, "--edge", "NVIDIA Tesla T4:90000", "--network-ms", 5)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Best: cloud: 1 × ")
    assert "per thousand requests" in done.output
    assert "latency of 64 instances" in done.output  # where the network is too slow


def test_an_objective_that_nothing_meets_exits_3_only_where_asserted():
    impossible = [*GIVEN, "--p99-ms", "0.000001"]
    assert run(*impossible).exit_code == 0
    asserted = run(*impossible, "--assert")
    assert asserted.exit_code == 3
    assert "No option keeps the objective" in asserted.output
    assert run(*GIVEN, "--assert").exit_code == 0


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_request_file_and_flags_over_it(tmp_path, kind):
    file = tmp_path / f"request.{kind}"
    file.write_text(json.dumps(MEASURED))  # JSON is YAML, too
    answered = json.loads(run("plan", "--from", file, "--json").output)
    assert answered["best"]["offer"]["device"] == "NVIDIA L4"
    assert answered["best"]["instances"] == 1
    more = json.loads(run("plan", "--from", file, "--json", "--rate", 2000).output)
    assert more["best"]["instances"] > 1
    assert all(row["broken"] for row in more["rejected"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "--gflop", 1, "--parameters", 1, "--p99-ms", 1], "--rate must be given"),
        (["plan", "--rate", 1, "--p99-ms", 1], "--gflop must be given"),
        ([*GIVEN, "--region", "atlantis"], "labkit.cost.regions()"),
        ([*GIVEN, "--edge", "NVIDIA L4"], "--edge must be DEVICE:USD"),
        ([*GIVEN, "--edge", "Pentium:90"], "name must be one of"),
        ([*GIVEN, "--rate", -1], "rate_per_s must be positive"),
        ([*GIVEN, "--room", 0], "most_at_edge must be at least 1"),
        (["plan", "--from", "nowhere.json"], "a file that can be read"),
    ],
)
def test_what_is_wrong_is_said(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "a valid request"),
        ("[1]", "a request with named values"),
        (json.dumps({"rat": 1}), "a request with keys of"),
        (json.dumps({**MEASURED, "rate": "many"}), "--rate must be a number"),
        (json.dumps({k: v for k, v in MEASURED.items() if k != "batch_sizes"}), "batch_sizes"),
    ],
)
def test_a_broken_request_is_refused(tmp_path, text, message):
    file = tmp_path / "request.json"
    file.write_text(text)
    done = run("plan", "--from", file)
    assert done.exit_code == 2
    assert message in done.output
