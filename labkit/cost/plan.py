"""The planner: the cheapest way to answer so many requests so fast, and why not another.

For each offer, precision and batch size the planner finds the fewest instances that keep the
objective, all at once in arrays. Latency is that of batches of fixed size before identical
replicas: filling the batch, waiting for a replica, and being served.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labkit.cost.energy import footprint
from labkit.cost.facts import Offer, Region, offers
from labkit.cost.pareto import pareto_front
from labkit.cost.workload import Workload
from labkit.errors import ArgumentError
from labkit.hw import get_device

__all__ = ["Objective", "Option", "Plan", "p99_latency_s", "plan"]

_MOST_INSTANCES = 64
_SECONDS_PER_MONTH = 2_629_800.0  # a twelfth of 365.25 days


@dataclass(frozen=True)
class Objective:
    """What the service must do.

    Attributes:
        rate_per_s: requests per second, at the peak.
        p99_latency_s: 99 of 100 requests answered within this.
        budget_usd_per_month: the most it may cost; None for no limit.
        min_quality: the least quality; None for no limit.
        max_carbon_g_per_thousand: the most grams of CO2 equivalent per thousand requests.
        network_s: round trip between reader and machine, added to each latency.
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


@dataclass(frozen=True)
class Option:
    """One way to serve the workload, with the fewest instances that keep the objective.

    Attributes:
        offer: the machine.
        instances: how many of it.
        precision: of the model.
        batch_size: requests served together.
        utilisation: share of the time that a replica is busy.
        p99_latency_s: predicted.
        price_usd_per_month: of all instances.
        price_usd_per_thousand: of a thousand requests.
        carbon_g_per_thousand: grams of CO2 equivalent, devices drawing their design power.
        quality: of the model at this precision.
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
    broken: str = ""


@dataclass(frozen=True)
class Plan:
    """What the planner found.

    Attributes:
        best: the cheapest option that keeps the objective; None where there is none.
        front: those that nothing betters in price, latency, carbon and quality together.
        feasible: all that keep it, cheapest first.
        rejected: all others, each with the constraint it breaks.
    """

    best: Option | None
    front: tuple[Option, ...]
    feasible: tuple[Option, ...]
    rejected: tuple[Option, ...]


def p99_latency_s(
    rate_per_s: np.ndarray | float,
    batch_size: np.ndarray | int,
    batch_s: np.ndarray | float,
    replicas: np.ndarray | int,
) -> np.ndarray:
    """The latency that 99 of 100 requests do not exceed; infinite where they outrun the replicas.

    A batch leaves when it holds ``batch_size`` requests or its first one has waited for as long
    as that many take to come on average; while all replicas are busy it goes on filling, so that
    under load batches are full. They come with the variance of that many gaps, and waiting for a
    replica is exponential beyond the chance of waiting at all.

    Source:
        Sakasegawa, An approximation formula L_q = α ρ^β / (1 - ρ), Annals of the Institute of
        Statistical Mathematics 29, 1977; Allen, Probability, Statistics and Queueing Theory,
        1990, section 5.3 (Allen and Cunneen's factor for variability).
    """
    rate, size = np.asarray(rate_per_s, float), np.asarray(batch_size, float)
    served_s, count = np.asarray(batch_s, float), np.asarray(replicas, float)
    load = rate / size * served_s / count
    with np.errstate(divide="ignore", invalid="ignore"):
        must_wait = load ** (np.sqrt(2 * (count + 1)) - 1)
        mean_s = served_s / size / (2 * count * (1 - load))
        wait_s = np.maximum(mean_s * np.log(must_wait / 0.01), 0.0)
    filling_s = (size - 1) / rate
    return np.where(load < 1, filling_s + wait_s + served_s, np.inf)


def plan(
    workload: Workload,
    objective: Objective,
    *,
    region: Region,
    among: Sequence[Offer] | None = None,
) -> Plan:
    """Every way to serve the workload that the catalogue allows, sorted out.

    Args:
        workload: the model and its times.
        objective: what the service must do.
        region: whose grid supplies the machines.
        among: offers to choose from; the whole catalogue where None.

    Raises:
        ArgumentError: where no offer has a device for which the workload has times.
    """
    pairs = [
        (offer, precision)
        for offer in (offers() if among is None else among)
        for precision in workload.memory_bytes
        if (offer.device, precision) in workload.service_s
    ]
    if not pairs:
        known = sorted({device for device, _ in workload.service_s})
        raise ArgumentError("among", required=f"offers with one of {', '.join(known)}", got=among)
    fewest = _fewest(workload, objective, pairs)
    options = [
        _option(workload, objective, region, *pair, column, count, latency)
        for pair, counts, latencies in zip(pairs, *fewest, strict=True)
        for column, (count, latency) in enumerate(zip(counts, latencies, strict=True))
    ]
    feasible = sorted((o for o in options if not o.broken), key=lambda o: o.price_usd_per_month)
    rejected = tuple(option for option in options if option.broken)
    return Plan(next(iter(feasible), None), _front(feasible), tuple(feasible), rejected)


def _front(feasible: list[Option]) -> tuple[Option, ...]:
    if not feasible:
        return ()
    costs = [
        (o.price_usd_per_month, o.p99_latency_s, o.carbon_g_per_thousand, -o.quality)
        for o in feasible
    ]
    return tuple(o for o, kept in zip(feasible, pareto_front(costs), strict=True) if kept)


def _fewest(
    workload: Workload, objective: Objective, pairs: list[tuple[Offer, str]]
) -> tuple[list[list[int]], list[list[float]]]:
    """Fewest instances that keep the latency, or the most tried; and the latency then."""
    times = np.array([workload.service_s[offer.device, precision] for offer, precision in pairs])
    sizes = np.array(workload.batch_sizes)
    instances = np.arange(1, _MOST_INSTANCES + 1)
    replicas = instances * np.array([offer.devices for offer, _ in pairs])[:, None, None]
    latency = objective.network_s + p99_latency_s(
        objective.rate_per_s, sizes[None, :, None], times[:, :, None], replicas
    )
    kept = latency <= objective.p99_latency_s
    at = np.where(kept.any(axis=2), kept.argmax(axis=2), _MOST_INSTANCES - 1)
    reached = np.take_along_axis(latency, at[:, :, None], axis=2)[:, :, 0]
    return instances[at].tolist(), reached.tolist()


def _option(
    workload: Workload,
    objective: Objective,
    region: Region,
    offer: Offer,
    precision: str,
    column: int,
    instances: int,
    latency_s: float,
) -> Option:
    size, busy_s = workload.batch_sizes[column], workload.service_s[offer.device, precision][column]
    replicas = int(instances) * offer.devices
    utilisation = min(objective.rate_per_s / size * busy_s / replicas, 1.0)
    hourly = float(instances * offer.price_usd_per_hour)
    thousand_s = 1000.0 / objective.rate_per_s
    grams = footprint(
        power_w=(get_device(offer.device).power_w or 0.0) * replicas,
        busy_s=thousand_s * utilisation,
        total_s=thousand_s,
        region=region,
    ).high_g
    option = Option(
        offer=offer,
        instances=int(instances),
        precision=precision,
        batch_size=size,
        utilisation=utilisation,
        p99_latency_s=float(latency_s),
        price_usd_per_month=hourly * _SECONDS_PER_MONTH / 3600.0,
        price_usd_per_thousand=hourly / 3600.0 * thousand_s,
        carbon_g_per_thousand=grams,
        quality=workload.quality[precision],
    )
    return _judge(option, workload, objective)


def _judge(option: Option, workload: Workload, objective: Objective) -> Option:
    """The option with the first constraint it breaks, in words."""
    memory = get_device(option.offer.device).memory_bytes
    latency = objective.p99_latency_s
    at_most = (
        ("memory", workload.memory_bytes[option.precision], memory, "B"),
        (f"latency of {option.instances} instances", option.p99_latency_s, latency, "s"),
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
