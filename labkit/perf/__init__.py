"""The twin: what a computation costs, counted, predicted and measured."""

from labkit.perf import ledger
from labkit.perf.calibrate import Calibrator, calibrate
from labkit.perf.calibration import Calibration, calibration_file
from labkit.perf.count import Count, OperationCount, count
from labkit.perf.measure import Measurement, measure
from labkit.perf.predict import Prediction, predict
from labkit.perf.profile import InstructionTime, profile

__all__ = [
    "Calibration",
    "Calibrator",
    "Count",
    "InstructionTime",
    "Measurement",
    "OperationCount",
    "Prediction",
    "calibrate",
    "calibration_file",
    "count",
    "ledger",
    "measure",
    "predict",
    "profile",
]
