"""Training: losses, one ``fit``, its history, when to stop, and how to go on after a crash."""

from __future__ import annotations

from labkit.train.als import fit_als
from labkit.train.checkpoint import CheckpointFolder
from labkit.train.fit import FitResult, fit
from labkit.train.gan import GAN_SCORES, GANResult, fit_gan
from labkit.train.history import EpochRecord, History
from labkit.train.losses import accuracy, binary_cross_entropy, cross_entropy, mean_squared_error
from labkit.train.optimizers import (
    OPTIMIZERS,
    accumulated,
    adamw,
    clipped,
    l1_penalty,
    lamb,
    momentum,
    muon,
    sgd,
    warmup_cosine,
)
from labkit.train.precision import BFLOAT16, FLOAT16, FLOAT32, Precision
from labkit.train.preferences import all_against_all, draw_others, pairwise_loss
from labkit.train.sequences import fit_sequences, surprise_per_word
from labkit.train.step_cost import StepCost, step_cost
from labkit.train.stopping import EarlyStopping
from labkit.train.trees import fit_trees

__all__ = [
    "BFLOAT16",
    "FLOAT16",
    "FLOAT32",
    "GAN_SCORES",
    "OPTIMIZERS",
    "CheckpointFolder",
    "EarlyStopping",
    "EpochRecord",
    "FitResult",
    "GANResult",
    "History",
    "Precision",
    "StepCost",
    "accumulated",
    "accuracy",
    "adamw",
    "all_against_all",
    "binary_cross_entropy",
    "clipped",
    "cross_entropy",
    "draw_others",
    "fit",
    "fit_als",
    "fit_gan",
    "fit_sequences",
    "fit_trees",
    "l1_penalty",
    "lamb",
    "mean_squared_error",
    "momentum",
    "muon",
    "pairwise_loss",
    "sgd",
    "step_cost",
    "surprise_per_word",
    "warmup_cosine",
]
