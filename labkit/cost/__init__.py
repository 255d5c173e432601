"""Money, energy, carbon, and the planner that chooses where a model runs."""

from __future__ import annotations

from labkit.cost.embodied import embodied_kg
from labkit.cost.energy import Footprint, footprint
from labkit.cost.facts import Offer, Region, get_region, offers, own, regions
from labkit.cost.latency import p99_latency_s
from labkit.cost.meter import EnergyReading, measure_energy
from labkit.cost.objective import Objective
from labkit.cost.option import Option
from labkit.cost.pareto import pareto_front
from labkit.cost.plan import Plan, plan
from labkit.cost.price import price_per_thousand_usd, training_price_usd
from labkit.cost.workload import Workload

__all__ = [
    "EnergyReading",
    "Footprint",
    "Objective",
    "Offer",
    "Option",
    "Plan",
    "Region",
    "Workload",
    "embodied_kg",
    "footprint",
    "get_region",
    "measure_energy",
    "offers",
    "own",
    "p99_latency_s",
    "pareto_front",
    "plan",
    "price_per_thousand_usd",
    "regions",
    "training_price_usd",
]
