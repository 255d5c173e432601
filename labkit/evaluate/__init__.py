"""Evaluation: what a trained model is worth, in numbers that hold against scikit-learn's."""

from __future__ import annotations

from labkit.evaluate.attribution import integrated_gradients, saliency
from labkit.evaluate.calibration import (
    Reliability,
    expected_calibration_error,
    fit_temperature,
    reliability,
)
from labkit.evaluate.classification import (
    ClassificationReport,
    accuracy_score,
    classification_report,
    confusion_matrix,
    macro_f1,
)
from labkit.evaluate.decision_curve import DecisionCurve, decision_curve
from labkit.evaluate.entities import (
    Entity,
    EntityErrors,
    EntityReport,
    entities_of,
    entity_errors,
    entity_report,
    token_report,
)
from labkit.evaluate.generation import classifier_score, diversity
from labkit.evaluate.intervals import Estimate, bootstrap_interval, mean_interval
from labkit.evaluate.occlusion import occlusion
from labkit.evaluate.power_law import PowerLaw, Spending
from labkit.evaluate.ranking import (
    catalogue_coverage,
    ndcg,
    novelty,
    popularity_lift,
    recall,
    top_items,
)
from labkit.evaluate.scaling import PowerLawFit, Prediction, fit_power_law
from labkit.evaluate.screening import (
    OperatingPoint,
    cost_threshold,
    operating_point,
    roc_auc,
    sensitivity_at_specificity,
)
from labkit.evaluate.subgroups import Subgroup, by_subgroup
from labkit.evaluate.surge import SurgeRule, Watched

__all__ = [
    "ClassificationReport",
    "DecisionCurve",
    "Entity",
    "EntityErrors",
    "EntityReport",
    "Estimate",
    "OperatingPoint",
    "PowerLaw",
    "PowerLawFit",
    "Prediction",
    "Reliability",
    "Spending",
    "Subgroup",
    "SurgeRule",
    "Watched",
    "accuracy_score",
    "bootstrap_interval",
    "by_subgroup",
    "catalogue_coverage",
    "classification_report",
    "classifier_score",
    "confusion_matrix",
    "cost_threshold",
    "decision_curve",
    "diversity",
    "entities_of",
    "entity_errors",
    "entity_report",
    "expected_calibration_error",
    "fit_power_law",
    "fit_temperature",
    "integrated_gradients",
    "macro_f1",
    "mean_interval",
    "ndcg",
    "novelty",
    "occlusion",
    "operating_point",
    "popularity_lift",
    "recall",
    "reliability",
    "roc_auc",
    "saliency",
    "sensitivity_at_specificity",
    "token_report",
    "top_items",
]
