"""Evaluation: what a trained model is worth, in numbers that hold against scikit-learn's."""

from __future__ import annotations

from labkit.evaluate.classification import (
    ClassificationReport,
    accuracy_score,
    classification_report,
    confusion_matrix,
)
from labkit.evaluate.generation import classifier_score, diversity
from labkit.evaluate.power_law import PowerLaw, Spending
from labkit.evaluate.scaling import PowerLawFit, Prediction, fit_power_law

__all__ = [
    "ClassificationReport",
    "PowerLaw",
    "PowerLawFit",
    "Prediction",
    "Spending",
    "accuracy_score",
    "classification_report",
    "classifier_score",
    "confusion_matrix",
    "diversity",
    "fit_power_law",
]
