"""A part of the requests at the edge, the rest in the cloud.

Each stream has machines of its own, found as for a plan without a split; the slower of the two
99th percentiles stands for both, which is never too good. Of each pair of machines the cheapest
split that keeps the objective is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from labkit.cost.facts import Offer, Region
from labkit.cost.fewest import MOST_INSTANCES, fewest
from labkit.cost.objective import Objective
from labkit.cost.option import Option, fleet, judge
from labkit.cost.workload import Workload

__all__ = ["hybrids"]

Pair = tuple[Offer, str]


@dataclass(frozen=True)
class _Stream:
    """One stream of requests and where it is answered."""

    rate_per_s: float
    network_s: float
    region: Region
    at_edge: bool
    most: int = MOST_INSTANCES


def hybrids(
    workload: Workload,
    objective: Objective,
    *,
    cloud: Sequence[Pair],
    edge: Sequence[Pair],
    cloud_region: Region,
    edge_region: Region,
    shares: Sequence[float],
    most_at_edge: int,
) -> Iterator[Option]:
    """The best split for each pair of an edge machine and a cloud machine."""
    best: dict[tuple[Offer, Offer], Option] = {}
    for share in shares:
        rate = objective.rate_per_s
        near = _Stream(rate * share, 0.0, edge_region, True, most_at_edge)
        far = _Stream(rate * (1 - share), objective.network_s, cloud_region, False)
        far_parts = list(_cheapest(workload, objective, cloud, far))
        for near_part in _cheapest(workload, objective, edge, near):
            for far_part in far_parts:
                key = (near_part.offer, far_part.offer)
                kept = best.get(key)
                price = near_part.price_usd_per_month + far_part.price_usd_per_month
                if kept is None or kept.broken or price < kept.price_usd_per_month:
                    found = judge(_joined(near_part, far_part, share), workload, objective)
                    if kept is None or _rank(found) < _rank(kept):
                        best[key] = found
    yield from best.values()


def _rank(option: Option) -> tuple[bool, float]:
    return (bool(option.broken), option.price_usd_per_month)


def _cheapest(
    workload: Workload, objective: Objective, pairs: Sequence[Pair], stream: _Stream
) -> Iterator[Option]:
    """Each machine and precision at the batch size that needs the fewest of it."""
    counts, latencies = fewest(
        workload,
        pairs,
        rate_per_s=stream.rate_per_s,
        network_s=stream.network_s,
        limit_s=objective.p99_latency_s,
        most=stream.most,
    )
    for (offer, precision), count, latency in zip(pairs, counts, latencies, strict=True):
        late = [seconds > objective.p99_latency_s for seconds in latency]
        column = min(range(len(count)), key=lambda i: (late[i], count[i], latency[i]))
        yield fleet(
            workload,
            offer,
            precision=precision,
            column=column,
            instances=count[column],
            latency_s=latency[column],
            rate_per_s=stream.rate_per_s,
            region=stream.region,
            at_edge=stream.at_edge,
        )


def _joined(near: Option, far: Option, share: float) -> Option:
    made = near.embodied_g_per_thousand, far.embodied_g_per_thousand
    known = None if None in made else share * made[0] + (1 - share) * made[1]  # type: ignore[operator]
    return replace(
        far,
        p99_latency_s=max(near.p99_latency_s, far.p99_latency_s),
        price_usd_per_month=near.price_usd_per_month + far.price_usd_per_month,
        price_usd_per_thousand=share * near.price_usd_per_thousand
        + (1 - share) * far.price_usd_per_thousand,
        carbon_g_per_thousand=share * near.carbon_g_per_thousand
        + (1 - share) * far.carbon_g_per_thousand,
        quality=share * near.quality + (1 - share) * far.quality,
        embodied_g_per_thousand=known,
        edge=near,
        edge_share=share,
    )
