"""The carbon of making a device, where somebody has published it (``embodied.csv``).

Rows are of one device alone, from the raw materials to the factory's gate, so that they compare.
For the A100 SXM4 there is also an eighth of a whole server, 318 kg (Chien et al., HotCarbon 2023):
processors and storage are in it, and it is not used. Of TPUs, Schneider et al. (2025) publish
what a chip bears of its machine, host and network included; of other cards, phones and
processors nothing was found that could be checked. They stay absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from labkit.cost.facts import provenance, table
from labkit.hw import get_device

__all__ = ["embodied_g", "embodied_kg"]

#: Years over which the making of a device is spread: an assumption, not a fact.
LIFETIME_YEARS = 5.0
_SECONDS_PER_YEAR = 31_557_600.0


@cache
def _published() -> Mapping[str, float]:
    found = {}
    for row in table("embodied.csv"):
        provenance(row, row["device"])
        found[get_device(row["device"]).name] = float(row["embodied_kg"])
    return found


def embodied_kg(device: str) -> float | None:
    """Kilograms of CO2 equivalent to make one; None where nobody has published them.

    Example:
        >>> embodied_kg("NVIDIA A100 PCIe 40 GB")
        181.0
        >>> embodied_kg("Google TPU v2") is None
        True
    """
    return _published().get(get_device(device).name)


def embodied_g(device: str, seconds: float) -> float | None:
    """The part of it, in grams, that so many seconds of its life bear."""
    kilograms = embodied_kg(device)
    if kilograms is None:
        return None
    return kilograms * 1e3 * seconds / (LIFETIME_YEARS * _SECONDS_PER_YEAR)
