"""Tables: clean, impute, scale, encode, balance, and find labels that are probably wrong."""

from labkit.data.prepare.tables.cleaning import (
    Change,
    Cleaned,
    TableStep,
    clean,
    drop_conflicts,
    drop_duplicates,
    impossible_to_missing,
    mark_missing,
    profile,
)
from labkit.data.prepare.tables.imbalance import (
    class_weights,
    correct_prior,
    oversample,
    smote,
    undersample,
)
from labkit.data.prepare.tables.label_errors import LabelSuspects, suspect_labels
from labkit.data.prepare.tables.pipeline import OutlierClipper, column_kinds, table_pipeline
from labkit.data.prepare.tables.soiling import Soiled, soil

__all__ = [
    "Change",
    "Cleaned",
    "LabelSuspects",
    "OutlierClipper",
    "Soiled",
    "TableStep",
    "class_weights",
    "clean",
    "column_kinds",
    "correct_prior",
    "drop_conflicts",
    "drop_duplicates",
    "impossible_to_missing",
    "mark_missing",
    "oversample",
    "profile",
    "smote",
    "soil",
    "suspect_labels",
    "table_pipeline",
    "undersample",
]
