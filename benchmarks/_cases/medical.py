"""Case 20, medical diagnosis: X-rays on the official test set, tables and beats by folds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import expit

from benchmarks._cases import Study, Trained
from labkit import data, evaluate, models, tune
from labkit.cases import diagnosis
from labkit.errors import DataError
from labkit.models import SignalConfig


def xrays(recipe: diagnosis.XrayRecipe, seed: int, folder: Path) -> Trained:
    """Train, calibrate and choose the threshold on validation data, score the test set once."""
    parts = {split: data.load("pneumoniamnist", split=split) for split in ("train", "val", "test")}
    learned = parts["train"]
    model = diagnosis.train_xrays(
        recipe, learned.scaled(), learned.targets, seed=seed, folder=folder, progress=True
    )
    logits = {split: model.logits(part.scaled()) for split, part in parts.items()}
    truth = {split: part.targets for split, part in parts.items()}
    temperature = evaluate.fit_temperature(logits["val"], truth["val"])
    said = {split: expit(values / temperature) for split, values in logits.items()}
    point = diagnosis.balanced_point(truth["val"], said["val"])
    test = evaluate.operating_point(truth["test"], said["test"], point.threshold)
    area = evaluate.roc_auc(truth["test"], said["test"])
    right = (said["test"] >= point.threshold) == truth["test"]
    return Trained(
        {"AUC": area.value, "accuracy": float(right.mean())},
        model.train_s,
        {
            "val_AUC": evaluate.roc_auc(truth["val"], said["val"]).value,
            "sensitivity": test.sensitivity,
            "specificity": test.specificity,
            "accuracy_at_half": float(((said["test"] >= 0.5) == truth["test"]).mean()),
            "threshold": point.threshold,
            "temperature": temperature,
            "size_B": float(model.size_bytes),
        },
    )


def table(name: str, seed: int, folder: Path) -> Trained:  # noqa: ARG001
    """Nested cross-validation of one table."""
    began = time.perf_counter()
    found, _ = diagnosis.nested_auc(diagnosis.load_patients(name), seed=seed)
    interval = found.interval()
    detail = {"low": interval.low, "high": interval.high, "optimism": found.optimism}
    return Trained({"ROC AUC": found.mean}, time.perf_counter() - began, detail)


def beats(recipe: diagnosis.BeatRecipe, seed: int, folder: Path) -> Trained:  # noqa: ARG001
    """The official test file where it lies, else five folds of the official training part."""
    learned = data.load("ecg5000", split="train")
    began = time.perf_counter()
    try:
        tested = data.load("ecg5000", split="test")
    except DataError:  # it is published in a zip archive only
        score_fold = partial(
            diagnosis.beats_right, recipe, learned.inputs, learned.targets, seed=seed
        )
        folds = tune.plain_folds(len(learned), 5, seed=seed)  # one kind has two beats only
        score = tune.cross_validate(score_fold, folds).mean
        where = "5 folds of the official training part"
    else:
        both = np.concatenate([learned.inputs, tested.inputs])
        kinds = np.concatenate([learned.targets, tested.targets])
        train, test = np.split(np.arange(len(both)), [len(learned)])
        score = diagnosis.beats_right(recipe, both, kinds, train, test, seed=seed)
        where = "the official test part"
    return Trained({"accuracy": score}, time.perf_counter() - began, {"scored on": where})


_FOLDS = "ECG5000: the official test part where LABKIT_DATA holds it, else 5 folds of the training"
_XRAYS = "PneumoniaMNIST, official test split, 624 images; threshold and temperature from val"
_TRIALS = "fixed before the first run; no other recipe was tried"
_SIGNAL = SignalConfig(140, 5)

STUDIES: Mapping[str, Study] = {
    "pneumoniamnist": Study(
        _XRAYS,
        {"AUC": 0.96, "accuracy": 0.88},
        _TRIALS,
        partial(xrays, diagnosis.XrayRecipe.resnet(members=2)),
    ),
    "pneumoniamnist_cnn": Study(
        _XRAYS, {"AUC": None, "accuracy": None}, _TRIALS, partial(xrays, diagnosis.XrayRecipe.cnn())
    ),
    "breast_cancer": Study(
        "Breast cancer Wisconsin, all 569 rows, nested 5-fold cross-validation",
        {"ROC AUC": 0.99},
        "six candidates, chosen anew by inner folds of each outer fold",
        partial(table, "breast_cancer"),
    ),
    "cleveland": Study(
        "Cleveland heart disease, all 303 rows, nested 5-fold cross-validation",
        {"ROC AUC": None},
        "six candidates, chosen anew by inner folds of each outer fold",
        partial(table, "cleveland"),
    ),
    "ecg5000": Study(
        _FOLDS,
        {"accuracy": 0.93},
        "the architecture of Wang et al. 2017, narrower; nothing was tried beside it",
        partial(beats, diagnosis.BeatRecipe(_SIGNAL)),
    ),
    "ecg5000_lstm": Study(
        _FOLDS,
        {"accuracy": None},
        "one layer, both ways; nothing was tried beside it",
        partial(beats, diagnosis.BeatRecipe(_SIGNAL, models.SignalLSTM)),
    ),
}
