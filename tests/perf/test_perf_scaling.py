"""Amdahl, Gustafson, the ideal schedule: by hand, as laws, and with real processes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import ArgumentError
from labkit.perf.scaling import amdahl_speedup, gustafson_speedup, makespan_s, run_tasks_s


def test_the_worked_example_takes_ten_seconds_not_hours():
    # 1,000 tasks of 1 s on 100 devices: 10 rounds. "2.78 hours" is 10,000 s: a thousand times more.
    assert makespan_s(1000, 1.0, 100) == 10.0
    assert 2.78 * 3600 / makespan_s(1000, 1.0, 100) == pytest.approx(1000, rel=0.01)
    assert makespan_s(1000, 1.0, 1) == 1000.0  # even one device needs but 17 minutes


@settings(deadline=None, derandomize=True)
@given(st.floats(0, 1), st.integers(1, 10_000))
def test_laws(share, devices):
    amdahl, gustafson = amdahl_speedup(share, devices), gustafson_speedup(share, devices)
    assert amdahl * (1 + 1e-12) >= 1
    assert amdahl <= gustafson * (1 + 1e-12)
    assert gustafson <= devices * (1 + 1e-12)
    assert amdahl * share <= 1 + 1e-12
    # One law: with the share as it is on all devices together, both say the same.
    grown = share / gustafson
    assert amdahl_speedup(grown, devices) == pytest.approx(gustafson)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 500), st.integers(1, 40))
def test_the_schedule_by_handing_out_one_task_after_another(tasks, devices):
    load = [0] * devices
    for _ in range(tasks):
        load[load.index(min(load))] += 1
    assert makespan_s(tasks, 2.0, devices) == 2.0 * max(load)


def test_real_processes_do_the_tasks():
    assert run_tasks_s(3, 2, rounds=1000) > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: amdahl_speedup(1.5, 2), "serial_share must be from 0 to 1"),
        (lambda: gustafson_speedup(0.5, 0), "devices must be at least 1"),
        (lambda: makespan_s(-1, 1.0, 2), "tasks must be at least 0"),
        (lambda: run_tasks_s(0, 2), "tasks must be at least 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
