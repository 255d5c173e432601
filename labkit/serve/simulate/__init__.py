"""An event simulation of a served model, written as recursions over arrivals.

A classical event simulation keeps a heap of events and touches them one by one. Here the
system is a small state that each arrival updates, ``lax.scan`` walks the arrivals, and many
independent runs (*lanes*) go side by side in vector registers. Arrays have the shape
``(n, lanes)``: arrival number first, lane second; times are gaps since the arrival before,
in seconds, so that a run of any length keeps its precision in float32.
"""

from __future__ import annotations

from labkit.serve.simulate.arrivals import bursty, diurnal, from_times, poisson
from labkit.serve.simulate.autoscale import Autoscaled, Autoscaler, autoscale
from labkit.serve.simulate.batching import Batched, batching
from labkit.serve.simulate.cache import CacheRun, che_hit_ratio, lru, zipf_keys
from labkit.serve.simulate.closed_forms import WaitingLaw, md1, mg1, mm1, mmc
from labkit.serve.simulate.edge import EdgeCloud, edge_cloud
from labkit.serve.simulate.failures import Failing, failing_queue, outages
from labkit.serve.simulate.llm import LLMRun, LLMServer, serve_llm
from labkit.serve.simulate.queue import (
    Served,
    least_work,
    power_of_two,
    queue,
    random_server,
    round_robin,
)
from labkit.serve.simulate.service import deterministic, empirical, exponential, lognormal

__all__ = [
    "Autoscaled",
    "Autoscaler",
    "Batched",
    "CacheRun",
    "EdgeCloud",
    "Failing",
    "LLMRun",
    "LLMServer",
    "Served",
    "WaitingLaw",
    "autoscale",
    "batching",
    "bursty",
    "che_hit_ratio",
    "deterministic",
    "diurnal",
    "edge_cloud",
    "empirical",
    "exponential",
    "failing_queue",
    "from_times",
    "least_work",
    "lognormal",
    "lru",
    "md1",
    "mg1",
    "mm1",
    "mmc",
    "outages",
    "poisson",
    "power_of_two",
    "queue",
    "random_server",
    "round_robin",
    "serve_llm",
    "zipf_keys",
]
