"""Checks that fail loudly where the test set reaches the training."""

from labkit.data.prepare.leakage.audit import audit
from labkit.data.prepare.leakage.effect import LeakEffect, leak_effects
from labkit.data.prepare.leakage.error import LeakageError
from labkit.data.prepare.leakage.fitting import check_causal, check_fitted_on, check_preparation
from labkit.data.prepare.leakage.rows import (
    check_disjoint,
    check_duplicates,
    check_groups,
    check_near_duplicates,
    check_texts,
    check_time_order,
    check_windows,
)
from labkit.data.prepare.leakage.target import check_target

__all__ = [
    "LeakEffect",
    "LeakageError",
    "audit",
    "check_causal",
    "check_disjoint",
    "check_duplicates",
    "check_fitted_on",
    "check_groups",
    "check_near_duplicates",
    "check_preparation",
    "check_target",
    "check_texts",
    "check_time_order",
    "check_windows",
    "leak_effects",
]
