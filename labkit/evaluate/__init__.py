"""Evaluation: what a trained model is worth, in numbers that hold against scikit-learn's."""

from __future__ import annotations

from labkit.evaluate.classification import (
    ClassificationReport,
    accuracy_score,
    classification_report,
    confusion_matrix,
)

__all__ = [
    "ClassificationReport",
    "accuracy_score",
    "classification_report",
    "confusion_matrix",
]
