"""Every price and every grid has a source, and the tables are those the script writes."""

from __future__ import annotations

import csv
import runpy
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from labkit.cost import get_region, offers, own, regions
from labkit.cost.facts import parse_offer, parse_region
from labkit.errors import ArgumentError, DataError
from labkit.hw import get_device

ROOT = Path(__file__).parents[2]
LARGE = {"AWS", "Azure", "GCP", "Oracle Cloud"}


def rows(name):
    return list(csv.DictReader(files("labkit.cost").joinpath(name).read_text().splitlines()))


def test_offers_are_of_known_devices_at_plausible_prices():
    for offer in offers():
        assert get_device(offer.device).peak_flops
        assert offer.kind in ("on demand", "spot", "reserved")
        # The cheapest GPU hour on the list is a T4's, the dearest an H100's at a large cloud.
        assert 0.1 < offer.price_usd_per_hour / offer.devices < 11, offer


def test_three_large_and_five_gpu_clouds_are_there():
    providers = {offer.provider for offer in offers()}
    assert len(providers & LARGE) >= 3
    assert len(providers - LARGE) >= 5
    assert {"spot", "on demand", "reserved"} == {offer.kind for offer in offers()}


@pytest.mark.parametrize("kind", ["spot", "reserved"])
def test_what_may_be_taken_away_or_is_paid_ahead_is_cheaper_than_on_demand(kind):
    by_kind = {}
    for offer in offers():
        by_kind.setdefault((offer.provider, offer.instance, offer.devices), {})[offer.kind] = (
            offer.price_usd_per_hour
        )
    pairs = [prices for prices in by_kind.values() if {kind, "on demand"} <= set(prices)]
    assert len(pairs) > 10
    assert all(prices[kind] < prices["on demand"] for prices in pairs)


def test_machines_are_reserved_at_large_clouds_and_at_a_gpu_cloud():
    providers = {offer.provider for offer in offers() if offer.kind == "reserved"}
    assert len(providers & LARGE) >= 2
    assert providers - LARGE


def test_grids_are_between_hydropower_and_coal():
    for region in regions().values():
        # Coal is at 995 g/kWh (codecarbon); above it stand Uzbekistan and Turkmenistan (1306).
        assert 0 <= region.carbon_g_per_kwh < 1310, region
        if region.electricity_usd_per_kwh is not None:
            assert 0.03 < region.electricity_usd_per_kwh < 0.5


@pytest.mark.parametrize("column", ["url", "date", "licence"])
@pytest.mark.parametrize(
    ("table", "parse"), [("offers.csv", parse_offer), ("regions.csv", parse_region)]
)
def test_a_row_without_provenance_is_refused(table, parse, column):
    with pytest.raises(DataError, match=f"lacks {column}"):
        parse({**rows(table)[0], column: ""})


def test_an_electricity_price_without_provenance_is_refused():
    priced = next(row for row in rows("regions.csv") if row["electricity_usd_per_kwh"])
    with pytest.raises(DataError, match="lacks date"):
        parse_region({**priced, "electricity_date": ""})


def test_an_unknown_region_is_named():
    with pytest.raises(ArgumentError, match="us-central1"):
        get_region("atlantis")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "NVIDIA L5"}, "one of"),
        ({"price_usd": 0}, "price_usd"),
        ({"lifetime_years": 0}, "lifetime_years"),
        ({"device": "Google TPU v5p"}, "power"),
    ],
)
def test_a_machine_of_ones_own_must_make_sense(change, message):
    given = {"device": "NVIDIA L4", "price_usd": 2500, "lifetime_years": 4}
    given |= {"electricity_usd_per_kwh": 0.1, **change}
    with pytest.raises(ArgumentError, match=message):
        own(given.pop("device"), **given)


@pytest.mark.real_data
def test_the_tables_are_what_the_script_writes(real_data, tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_DATA", str(real_data))
    monkeypatch.setattr(sys, "argv", ["make_price_facts.py"])
    script = runpy.run_path(str(ROOT / "scripts" / "make_price_facts.py"))
    fresh = {
        "offers.csv": (
            script["OFFER_FIELDS"],
            script["all_offers"](real_data),
        ),
        "regions.csv": (script["REGION_FIELDS"], list(script["regions"](real_data))),
    }
    for name, (fields, found) in fresh.items():
        script["write"](tmp_path / name, fields, found)
        assert (tmp_path / name).read_text() == (ROOT / "labkit" / "cost" / name).read_text()
