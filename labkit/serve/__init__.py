"""Serving: what happens to a request between its arrival and its answer.

``start_server`` serves an exported model for real, from one process or several behind a balancer;
``run_load`` asks it, at times fixed beforehand; ``simulate`` predicts what will be measured:
queues, batches, caches, balancers and replicas as recursions over arrivals, fast enough to sit
behind a slider.
"""

from __future__ import annotations

from labkit.serve import simulate
from labkit.serve.answer import Answer, RefusedError
from labkit.serve.app import App
from labkit.serve.balancer import Balancer, Replicas
from labkit.serve.batcher import Batcher, Computed
from labkit.serve.cache import ResponseCache
from labkit.serve.calibrate import ServiceTimes, bursts, measure_service, measure_swing
from labkit.serve.distance import KSTest, ks_test, population_stability, psi
from labkit.serve.drift import DRIFT_FEATURES, DriftMonitor, DriftReport, FeatureDrift
from labkit.serve.engine import Engine, FunctionEngine, on_ladder
from labkit.serve.engines import (
    ENGINES,
    EngineTimes,
    load_engine,
    measure_engines,
    onnx_engine,
    xla_engine,
)
from labkit.serve.fleet import Fleet, serve_fleet
from labkit.serve.load import LoadResult, run_load
from labkit.serve.logs import LOGGER, JsonFormatter, log_to
from labkit.serve.metrics import Metrics
from labkit.serve.policies import POLICIES, least_loaded, power_of_two_choices, take_turns
from labkit.serve.process import ServerProcess, start_server
from labkit.serve.quantiles import LatencyHistogram
from labkit.serve.replica import make_app, save_drift_reference, serve_replica
from labkit.serve.settings import Settings
from labkit.serve.v2 import Asked, model_metadata, read_request, write_answer, write_request

__all__ = [
    "DRIFT_FEATURES",
    "ENGINES",
    "LOGGER",
    "POLICIES",
    "Answer",
    "App",
    "Asked",
    "Balancer",
    "Batcher",
    "Computed",
    "DriftMonitor",
    "DriftReport",
    "Engine",
    "EngineTimes",
    "FeatureDrift",
    "Fleet",
    "FunctionEngine",
    "JsonFormatter",
    "KSTest",
    "LatencyHistogram",
    "LoadResult",
    "Metrics",
    "RefusedError",
    "Replicas",
    "ResponseCache",
    "ServerProcess",
    "ServiceTimes",
    "Settings",
    "bursts",
    "ks_test",
    "least_loaded",
    "load_engine",
    "log_to",
    "make_app",
    "measure_engines",
    "measure_service",
    "measure_swing",
    "model_metadata",
    "on_ladder",
    "onnx_engine",
    "population_stability",
    "power_of_two_choices",
    "psi",
    "read_request",
    "run_load",
    "save_drift_reference",
    "serve_fleet",
    "serve_replica",
    "simulate",
    "start_server",
    "take_turns",
    "write_answer",
    "write_request",
    "xla_engine",
]
