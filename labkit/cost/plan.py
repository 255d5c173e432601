"""The planner: the cheapest way to answer so many requests so fast, and why not another.

For each machine, precision and batch size the planner finds the fewest instances that keep the
objective, all at once in arrays: in the cloud behind a network, at the edge without one, and
with the requests split between the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.cost.facts import Offer, Region, offers
from labkit.cost.fewest import MOST_INSTANCES, fewest
from labkit.cost.hybrid import hybrids
from labkit.cost.objective import Objective
from labkit.cost.option import Option, fleet, judge
from labkit.cost.pareto import pareto_front
from labkit.cost.workload import Workload
from labkit.errors import ArgumentError

__all__ = ["Plan", "plan"]


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

    def points(self) -> dict[str, tuple[list[float], list[float]]]:
        """Prices (USD a month) and latencies (s) to draw: by place, the front, the rejected."""
        groups: dict[str, list[Option]] = {}
        for option in self.feasible:
            groups.setdefault(option.place, []).append(option)
        groups["on the front"] = list(self.front)
        groups["rejected"] = [o for o in self.rejected if math.isfinite(o.p99_latency_s)]
        return {
            name: ([o.price_usd_per_month for o in group], [o.p99_latency_s for o in group])
            for name, group in groups.items()
            if group
        }


def plan(
    workload: Workload,
    objective: Objective,
    *,
    region: Region,
    among: Sequence[Offer] | None = None,
    edge: Sequence[Offer] = (),
    edge_region: Region | None = None,
    edge_shares: Sequence[float] = (0.25, 0.5, 0.75),
    most_at_edge: int = MOST_INSTANCES,
) -> Plan:
    """Every way to serve the workload that the catalogue allows, sorted out.

    Args:
        workload: the model and its times.
        objective: what the service must do.
        region: whose grid supplies the machines.
        among: offers in the cloud to choose from; the whole catalogue where None.
        edge: machines beside the reader (:func:`labkit.cost.own`), without the network's delay;
            they serve all requests, or a share of them beside a machine in the cloud.
        edge_region: whose grid supplies those; ``region`` where None.
        edge_shares: shares of the requests at the edge that are tried.
        most_at_edge: machines that there is room for at the edge.

    Raises:
        ArgumentError: where no offer has a device for which the workload has times, or a share
            is not between 0 and 1.

    Example:
        >>> from labkit.cost import get_region
        >>> times = {("NVIDIA L4", "bfloat16"): (0.005, 0.008)}
        >>> model = Workload("toy", (1, 8), times, {"bfloat16": 1e9}, {"bfloat16": 0.9})
        >>> found = plan(model, Objective(100.0, 0.1), region=get_region("europe-north1"))
        >>> found.best.place, found.best.instances, found.best.offer.device
        ('cloud', 1, 'NVIDIA L4')
    """
    if not all(0 < share < 1 for share in edge_shares):
        raise ArgumentError("edge_shares", required="between 0 and 1", got=tuple(edge_shares))
    if most_at_edge < 1:
        raise ArgumentError("most_at_edge", required="at least 1", got=most_at_edge)
    cloud = _known(workload, offers() if among is None else among)
    near = _known(workload, edge)
    if not cloud and not near:
        known = sorted({device for device, _ in workload.service_s})
        raise ArgumentError("among", required=f"offers with one of {', '.join(known)}", got=among)
    edge_grid = edge_region or region
    options = [
        *_alone(workload, objective, cloud, region, at_edge=False),
        *_alone(workload, objective, near, edge_grid, at_edge=True, most=most_at_edge),
    ]
    if cloud and near:
        options += hybrids(
            workload,
            objective,
            cloud=cloud,
            edge=near,
            cloud_region=region,
            edge_region=edge_grid,
            shares=edge_shares,
            most_at_edge=most_at_edge,
        )
    feasible = sorted((o for o in options if not o.broken), key=lambda o: o.price_usd_per_month)
    rejected = tuple(option for option in options if option.broken)
    return Plan(next(iter(feasible), None), _front(feasible), tuple(feasible), rejected)


def _known(workload: Workload, machines: Sequence[Offer]) -> list[tuple[Offer, str]]:
    return [
        (offer, precision)
        for offer in machines
        for precision in workload.memory_bytes
        if (offer.device, precision) in workload.service_s
    ]


def _alone(
    workload: Workload,
    objective: Objective,
    pairs: list[tuple[Offer, str]],
    region: Region,
    *,
    at_edge: bool,
    most: int = MOST_INSTANCES,
) -> list[Option]:
    """All requests on machines of one kind, by every batch size."""
    if not pairs:
        return []
    found = fewest(
        workload,
        pairs,
        rate_per_s=objective.rate_per_s,
        network_s=0.0 if at_edge else objective.network_s,
        limit_s=objective.p99_latency_s,
        most=most,
    )
    options = []
    for (offer, precision), counts, latencies in zip(pairs, *found, strict=True):
        for column, (count, latency) in enumerate(zip(counts, latencies, strict=True)):
            option = fleet(
                workload,
                offer,
                precision=precision,
                column=column,
                instances=count,
                latency_s=latency,
                rate_per_s=objective.rate_per_s,
                region=region,
                at_edge=at_edge,
            )
            options.append(judge(option, workload, objective))
    return options


def _front(feasible: list[Option]) -> tuple[Option, ...]:
    if not feasible:
        return ()
    costs = [
        (o.price_usd_per_month, o.p99_latency_s, o.carbon_g_per_thousand, -o.quality)
        for o in feasible
    ]
    return tuple(o for o, kept in zip(feasible, pareto_front(costs), strict=True) if kept)
