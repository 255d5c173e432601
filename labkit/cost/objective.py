"""What a service must do."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import ArgumentError

__all__ = ["Objective"]


@dataclass(frozen=True)
class Objective:
    """What the service must do.

    Attributes:
        rate_per_s: requests per second, at the peak.
        p99_latency_s: 99 of 100 requests answered within this.
        budget_usd_per_month: the most it may cost; None for no limit.
        min_quality: the least quality; None for no limit.
        max_carbon_g_per_thousand: the most grams of CO2 equivalent per thousand requests.
        network_s: round trip between reader and cloud, added to each latency there.
    """

    rate_per_s: float
    p99_latency_s: float
    budget_usd_per_month: float | None = None
    min_quality: float | None = None
    max_carbon_g_per_thousand: float | None = None
    network_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an objective that nothing or everything meets."""
        for name in ("rate_per_s", "p99_latency_s"):
            if not getattr(self, name) > 0:
                raise ArgumentError(name, required="positive", got=getattr(self, name))
