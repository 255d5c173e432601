"""Energy and carbon of computing, between two bounds that need no tuned constant."""

from __future__ import annotations

from typing import NamedTuple

from labkit.cost.facts import Region
from labkit.errors import ArgumentError

__all__ = ["Footprint", "footprint"]


class Footprint(NamedTuple):
    """Energy and carbon, each from busy time alone to always on.

    Attributes:
        low_kwh, high_kwh: device energy if it drew its design power while busy, and nothing or
            as much while idle.
        low_g, high_g: grams of CO2 equivalent of that energy on the region's grid.
    """

    low_kwh: float
    high_kwh: float
    low_g: float
    high_g: float


def footprint(
    *, power_w: float, busy_s: float, total_s: float, region: Region, overhead: float = 1.0
) -> Footprint:
    """Energy and carbon of a device that is busy for ``busy_s`` of ``total_s`` seconds.

    Args:
        power_w: design power of all devices together.
        busy_s: seconds of work.
        total_s: seconds switched on.
        region: whose grid supplies it.
        overhead: energy of the building over that of the device (PUE), at least 1.

    Raises:
        ArgumentError: where ``busy_s`` exceeds ``total_s``, or ``overhead`` is below 1.

    Example:
        >>> grid = Region("here", "here", 400.0, 0.2, "an example")
        >>> footprint(power_w=1000, busy_s=1800, total_s=3600, region=grid)
        Footprint(low_kwh=0.5, high_kwh=1.0, low_g=200.0, high_g=400.0)
    """
    if not 0 <= busy_s <= total_s:
        raise ArgumentError("busy_s", required=f"from 0 to total_s ({total_s})", got=busy_s)
    if overhead < 1:
        raise ArgumentError("overhead", required="at least 1", got=overhead)
    low, high = (power_w * overhead * seconds / 3.6e6 for seconds in (busy_s, total_s))
    return Footprint(low, high, low * region.carbon_g_per_kwh, high * region.carbon_g_per_kwh)
