"""What requests and training runs cost."""

from __future__ import annotations

from labkit.cost.facts import Offer
from labkit.errors import ArgumentError

__all__ = ["price_per_thousand_usd", "training_price_usd"]


def price_per_thousand_usd(offer: Offer, rate_per_s: float, *, instances: int = 1) -> float:
    """Price of a thousand requests when ``instances`` machines together serve ``rate_per_s``.

    Machines are paid for by the hour, busy or idle.

    Example:
        >>> machine = Offer("a", "b", "NVIDIA L4", 1, "on demand", 3.6, "an example")
        >>> price_per_thousand_usd(machine, rate_per_s=10.0)
        0.1
    """
    if rate_per_s <= 0:
        raise ArgumentError("rate_per_s", required="positive", got=rate_per_s)
    return instances * offer.price_usd_per_hour / 3600.0 / rate_per_s * 1000.0


def training_price_usd(offer: Offer, step_s: float, steps: int, *, instances: int = 1) -> float:
    """Price of ``steps`` training steps of ``step_s`` seconds on ``instances`` machines."""
    if step_s < 0 or steps < 0:
        raise ArgumentError("step_s", required="at least 0, as steps", got=(step_s, steps))
    return instances * offer.price_usd_per_hour * step_s * steps / 3600.0
