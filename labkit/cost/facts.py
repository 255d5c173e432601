"""Prices and grids, read from ``offers.csv`` and ``regions.csv``; every row names its source.

``scripts/make_price_facts.py`` writes both files and says which public table is used where
they disagree, and why.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from labkit.errors import ArgumentError, DataError
from labkit.hw import get_device

__all__ = ["Offer", "Region", "get_region", "offers", "own", "regions"]

_HOURS_PER_YEAR = 8766.0
_PROVENANCE = ("url", "date", "licence")


@dataclass(frozen=True)
class Offer:
    """A machine that can be had by the hour.

    Attributes:
        provider: who offers it.
        instance: what the provider calls it.
        device: its accelerator or processor, by its name in the catalogue.
        devices: how many of them.
        kind: ``"on demand"``, ``"spot"``, ``"reserved"`` or ``"owned"``.
        price_usd_per_hour: of the whole instance.
        source: URL, date and licence of the price.
    """

    provider: str
    instance: str
    device: str
    devices: int
    kind: str
    price_usd_per_hour: float
    source: str


@dataclass(frozen=True)
class Region:
    """Where a machine stands.

    Attributes:
        name: a cloud's name of the region, or a country's three letters.
        place: the city or country.
        carbon_g_per_kwh: grams of CO2 equivalent per kilowatt-hour of the grid, yearly mean.
        electricity_usd_per_kwh: what large users pay; None where it is not known.
        source: URL, date and licence.
    """

    name: str
    place: str
    carbon_g_per_kwh: float
    electricity_usd_per_kwh: float | None
    source: str


@cache
def offers() -> tuple[Offer, ...]:
    """Every offer of the catalogue.

    Example:
        >>> cheapest = min(offers(), key=lambda offer: offer.price_usd_per_hour / offer.devices)
        >>> 0 < cheapest.price_usd_per_hour < 1
        True
    """
    return tuple(parse_offer(row) for row in table("offers.csv"))


def parse_offer(row: Mapping[str, str]) -> Offer:
    """A row of ``offers.csv``.

    Raises:
        DataError: where the row does not say where its price comes from.
        ArgumentError: where its device is not in the catalogue of devices.
    """
    return Offer(
        provider=row["provider"],
        instance=row["instance"],
        device=get_device(row["device"]).name,
        devices=int(row["devices"]),
        kind=row["kind"],
        price_usd_per_hour=float(row["price_usd_per_hour"]),
        source=provenance(row, row["instance"] or row["device"]),
    )


@cache
def regions() -> Mapping[str, Region]:
    """Every region and country with the carbon of its grid, by name.

    Example:
        >>> regions()["europe-north1"].place
        'Finland'
    """
    return {row["region"]: parse_region(row) for row in table("regions.csv")}


def parse_region(row: Mapping[str, str]) -> Region:
    """A row of ``regions.csv``.

    Raises:
        DataError: where the row does not say where its figures come from.
    """
    source = provenance(row, row["region"])
    price = row.get("electricity_usd_per_kwh") or None
    if price is not None:
        paid = {key: row.get(f"electricity_{key}", "") for key in _PROVENANCE}
        source += f"; electricity: {provenance(paid, row['region'])}"
    return Region(
        name=row["region"],
        place=row["place"],
        carbon_g_per_kwh=float(row["carbon_g_per_kwh"]),
        electricity_usd_per_kwh=None if price is None else float(price),
        source=source,
    )


def get_region(name: str) -> Region:
    """One region.

    Raises:
        ArgumentError: where the table has no such region.
    """
    if name not in regions():
        raise ArgumentError(
            "region", required="in labkit.cost.regions(), for instance 'us-central1'", got=name
        )
    return regions()[name]


def own(
    device: str,
    *,
    price_usd: float,
    lifetime_years: float,
    electricity_usd_per_kwh: float,
    devices: int = 1,
) -> Offer:
    """A machine of one's own, as an offer: its price over its life, and its electricity.

    The electricity is that of the device's design power, all the time.

    Raises:
        ArgumentError: where the device is unknown, its power is not published, or a number is
            not positive.

    Example:
        >>> mine = own("NVIDIA L4", price_usd=2500, lifetime_years=4, electricity_usd_per_kwh=0.1)
        >>> round(mine.price_usd_per_hour, 4)
        0.0785
    """
    spec = get_device(device)
    if spec.power_w is None:
        raise ArgumentError("device", required="one whose power is published", got=device)
    if price_usd <= 0:
        raise ArgumentError("price_usd", required="positive", got=price_usd)
    if lifetime_years <= 0:
        raise ArgumentError("lifetime_years", required="positive", got=lifetime_years)
    bought_usd = price_usd / (lifetime_years * _HOURS_PER_YEAR)
    powered_usd = spec.power_w / 1e3 * electricity_usd_per_kwh
    hourly = devices * (bought_usd + powered_usd)
    return Offer("own", f"{devices} x {device}", device, devices, "owned", hourly, "the reader's")


def provenance(row: Mapping[str, str], name: str) -> str:
    """Where a row of a table comes from.

    Raises:
        DataError: where it does not say.
    """
    missing = [key for key in _PROVENANCE if not row.get(key)]
    if missing:
        raise DataError(f"The row of {name} lacks {', '.join(missing)}; a fact needs a source.")
    return f"{row['url']} ({row['date']}, {row['licence']})"


def table(name: str) -> list[dict[str, str]]:
    """The rows of one of the package's tables of facts."""
    text = files("labkit.cost").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
