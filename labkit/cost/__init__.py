"""Money, energy, carbon, and the planner that chooses where a model runs."""

from __future__ import annotations

from labkit.cost.energy import Footprint, footprint
from labkit.cost.facts import Offer, Region, get_region, offers, own, regions
from labkit.cost.pareto import pareto_front
from labkit.cost.plan import Objective, Option, Plan, plan
from labkit.cost.price import price_per_thousand_usd, training_price_usd
from labkit.cost.workload import Workload

__all__ = [
    "Footprint",
    "Objective",
    "Offer",
    "Option",
    "Plan",
    "Region",
    "Workload",
    "footprint",
    "get_region",
    "offers",
    "own",
    "pareto_front",
    "plan",
    "price_per_thousand_usd",
    "regions",
    "training_price_usd",
]
