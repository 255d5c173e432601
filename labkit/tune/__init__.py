"""Tuning: honest scores by cross-validation, search one by one, side by side, or all at once."""

from __future__ import annotations

from labkit.tune.cross_validation import (
    CrossValidation,
    NestedCrossValidation,
    cross_validate,
    nested_cross_validate,
)
from labkit.tune.folds import Fold, grouped_folds, plain_folds, stratified_folds
from labkit.tune.importance import importances
from labkit.tune.methods import Bayesian, Grid, Hyperband, Random, SuccessiveHalving
from labkit.tune.population import Population, train_population
from labkit.tune.records import SearchResult, TrialRecord
from labkit.tune.search import search
from labkit.tune.space import Choice, Real, Whole
from labkit.tune.trial import Trial

__all__ = [
    "Bayesian",
    "Choice",
    "CrossValidation",
    "Fold",
    "Grid",
    "Hyperband",
    "NestedCrossValidation",
    "Population",
    "Random",
    "Real",
    "SearchResult",
    "SuccessiveHalving",
    "Trial",
    "TrialRecord",
    "Whole",
    "cross_validate",
    "grouped_folds",
    "importances",
    "nested_cross_validate",
    "plain_folds",
    "search",
    "stratified_folds",
    "train_population",
]
