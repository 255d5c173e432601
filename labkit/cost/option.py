"""One way to serve a workload, and the constraint that it breaks, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labkit.cost.embodied import embodied_g
from labkit.cost.energy import footprint
from labkit.cost.facts import Offer, Region
from labkit.cost.objective import Objective
from labkit.cost.workload import Workload
from labkit.hw import get_device

__all__ = ["Option", "fleet", "judge"]

SECONDS_PER_MONTH = 2_629_800.0  # a twelfth of 365.25 days


@dataclass(frozen=True)
class Option:
    """One way to serve the workload, with the fewest instances that keep the objective.

    Attributes:
        offer: the machine; of a hybrid, the one in the cloud, as all that follows up to
            ``utilisation``.
        instances: how many of it.
        precision: of the model.
        batch_size: requests served together.
        utilisation: share of the time that a replica is busy.
        p99_latency_s: predicted; of a hybrid, the worse of both.
        price_usd_per_month: of all instances.
        price_usd_per_thousand: of a thousand requests.
        carbon_g_per_thousand: grams of CO2 equivalent, devices drawing their design power.
        quality: of the model at this precision; of a hybrid, the mean over the requests.
        embodied_g_per_thousand: grams of CO2 equivalent of making the devices, spread over their
            life; None where no maker has published it.
        at_edge: whether it stands beside the reader, without a network between.
        edge: of a hybrid, the part at the edge; its price and carbon are in those above.
        edge_share: share of the requests that the edge answers.
        broken: the first constraint that it breaks; empty where it keeps all.
    """

    offer: Offer
    instances: int
    precision: str
    batch_size: int
    utilisation: float
    p99_latency_s: float
    price_usd_per_month: float
    price_usd_per_thousand: float
    carbon_g_per_thousand: float
    quality: float
    embodied_g_per_thousand: float | None = None
    at_edge: bool = False
    edge: Option | None = None
    edge_share: float = 0.0
    broken: str = ""

    @property
    def place(self) -> str:
        """Where it stands: ``"cloud"``, ``"edge"`` or ``"hybrid"``."""
        if self.edge is not None:
            return "hybrid"
        return "edge" if self.at_edge else "cloud"

    def __str__(self) -> str:
        machines = f"{self.instances} × {self.offer.instance} ({self.offer.provider})"
        if self.edge is not None:
            near = f"{self.edge.instances} × {self.edge.offer.instance}"
            machines = f"{near} for {self.edge_share:.0%} of the requests, ".replace("%", " %") + (
                f"{machines} for the rest"
            )
        return (
            f"{self.place}: {machines}, {self.precision}, batches of {self.batch_size}, "
            f"p99 {self.p99_latency_s * 1e3:.3g} ms, {self.price_usd_per_month:.3g} USD a month"
        )


def fleet(
    workload: Workload,
    offer: Offer,
    *,
    precision: str,
    column: int,
    instances: int,
    latency_s: float,
    rate_per_s: float,
    region: Region,
    at_edge: bool = False,
) -> Option:
    """So many machines of one kind at one batch size, their price and carbon."""
    size = workload.batch_sizes[column]
    busy_s = workload.service_s[offer.device, precision][column]
    replicas = instances * offer.devices
    utilisation = min(rate_per_s / size * busy_s / replicas, 1.0)
    hourly = float(instances * offer.price_usd_per_hour)
    thousand_s = 1000.0 / rate_per_s
    grams = footprint(
        power_w=(get_device(offer.device).power_w or 0.0) * replicas,
        busy_s=thousand_s * utilisation,
        total_s=thousand_s,
        region=region,
    ).high_g
    made_g = embodied_g(offer.device, thousand_s)
    return Option(
        offer=offer,
        instances=instances,
        precision=precision,
        batch_size=size,
        utilisation=utilisation,
        p99_latency_s=latency_s,
        price_usd_per_month=hourly * SECONDS_PER_MONTH / 3600.0,
        price_usd_per_thousand=hourly / 3600.0 * thousand_s,
        carbon_g_per_thousand=grams,
        quality=workload.quality[precision],
        embodied_g_per_thousand=None if made_g is None else made_g * replicas,
        at_edge=at_edge,
    )


def judge(option: Option, workload: Workload, objective: Objective) -> Option:
    """The option with the first constraint it breaks, in words."""
    parts = [part for part in (option.edge, option) if part is not None]
    for part in parts:
        needed = workload.memory_bytes[part.precision]
        there = get_device(part.offer.device).memory_bytes
        if there is not None and needed > there:
            return replace(option, broken=f"memory: {needed:.3g} of at most {there:.3g} B")
    counted = " and ".join(str(part.instances) for part in parts)
    at_most = (
        (f"latency of {counted} instances", option.p99_latency_s, objective.p99_latency_s, "s"),
        ("price", option.price_usd_per_month, objective.budget_usd_per_month, "USD a month"),
        ("carbon", option.carbon_g_per_thousand, objective.max_carbon_g_per_thousand, "g"),
    )
    for name, value, limit, unit in at_most:
        if limit is not None and value > limit:
            return replace(option, broken=f"{name}: {value:.3g} of at most {limit:.3g} {unit}")
    least = objective.min_quality
    if least is not None and option.quality < least:
        return replace(option, broken=f"quality: {option.quality:.3g} of at least {least:.3g}")
    return option
