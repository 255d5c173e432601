"""The twin: what a computation costs, counted, predicted and measured."""

from labkit.perf import collectives, ledger, scaling
from labkit.perf.calibrate import Calibrator, calibrate
from labkit.perf.calibration import Calibration, calibration_file
from labkit.perf.count import Count, OperationCount, count
from labkit.perf.demand import Demand, demand
from labkit.perf.elsewhere import Efficiency, device_s, efficiency
from labkit.perf.measure import Measurement, measure
from labkit.perf.parallel import (
    BACKWARD_SHARE,
    ParallelPrediction,
    parallel_s,
    predict_parallel,
    predict_training,
    training_demand,
)
from labkit.perf.predict import Prediction, predict
from labkit.perf.profile import InstructionTime, profile

__all__ = [
    "BACKWARD_SHARE",
    "Calibration",
    "Calibrator",
    "Count",
    "Demand",
    "Efficiency",
    "InstructionTime",
    "Measurement",
    "OperationCount",
    "ParallelPrediction",
    "Prediction",
    "calibrate",
    "calibration_file",
    "collectives",
    "count",
    "demand",
    "device_s",
    "efficiency",
    "ledger",
    "measure",
    "parallel_s",
    "predict",
    "predict_parallel",
    "predict_training",
    "profile",
    "scaling",
    "training_demand",
]
