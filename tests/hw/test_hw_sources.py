"""The catalogue against the public table that its rows cite."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "compare_facts.py"
#: Where labkit departs from Epoch's table; why stands at the head of devices.toml.
DEPARTURES = {
    ("NVIDIA GeForce RTX 4090", "bfloat16"),  # sums in float32, not in float16
}


@pytest.mark.real_data
def test_rows_that_cite_epoch_are_epochs_but_for_the_stated_departures(real_data):
    found = runpy.run_path(str(SCRIPT))["device_differences"](real_data)
    assert {(name, field) for name, field, _, _ in found} == DEPARTURES


@pytest.mark.real_data
def test_prices_and_grids_have_moved_between_the_tables(real_data):
    script = runpy.run_path(str(SCRIPT))
    prices = {gpu: now / before for gpu, before, now in script["price_differences"](real_data)}
    assert prices["H100"] < 1  # cheaper within a year: the newer table is used
    grids = list(script["carbon_differences"](real_data))
    assert len(grids) > 10
    assert any(abs(now / before - 1) > 0.3 for _, now, before in grids)
