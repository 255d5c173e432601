"""Case 20, medical diagnosis: tables, images and signals, from raw data to a finding.

For teaching. Nothing here is a medical device, and no finding of it may guide a treatment.
"""

from __future__ import annotations

from labkit.cases.diagnosis.beats import (
    BeatRecipe,
    Beats,
    beats_right,
    check_beat,
    cut_beats,
    standardise_beats,
    train_beats,
)
from labkit.cases.diagnosis.finding import Finding, Reader, balanced_point
from labkit.cases.diagnosis.pictures import Pictures, load_pictures
from labkit.cases.diagnosis.synthetic import SyntheticBeats, synthetic_beats
from labkit.cases.diagnosis.tables import (
    CANDIDATES,
    Patients,
    check_row,
    load_patients,
    nested_auc,
    row_model,
)
from labkit.cases.diagnosis.xrays import (
    XrayModel,
    XrayRecipe,
    check_image,
    standardise_images,
    train_xrays,
)

__all__ = [
    "CANDIDATES",
    "BeatRecipe",
    "Beats",
    "Finding",
    "Patients",
    "Pictures",
    "Reader",
    "SyntheticBeats",
    "XrayModel",
    "XrayRecipe",
    "balanced_point",
    "beats_right",
    "check_beat",
    "check_image",
    "check_row",
    "cut_beats",
    "load_patients",
    "load_pictures",
    "nested_auc",
    "row_model",
    "standardise_beats",
    "standardise_images",
    "synthetic_beats",
    "train_beats",
    "train_xrays",
]
