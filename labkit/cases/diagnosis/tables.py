"""Diagnosis from a row of measurements: prepared, chosen by nested folds, declined where empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline

from labkit import data, tune
from labkit.data.prepare.tables import table_pipeline
from labkit.errors import ArgumentError

__all__ = ["CANDIDATES", "Patients", "check_row", "load_patients", "nested_auc", "row_model"]

#: What is chosen among, in every outer fold anew: a straight line, more or less held back, or
#: trees. One value for each that scikit-learn's users try first; nothing here saw a test row.
CANDIDATES: tuple[Mapping[str, Any], ...] = (
    *({"kind": "logistic", "C": c} for c in (0.01, 0.1, 1.0, 10.0)),
    *({"kind": "trees", "learning_rate": rate} for rate in (0.03, 0.1)),
)
#: Columns of Cleveland that are codes, not quantities. Source: heart-disease.names at UCI.
_CODES = {"cleveland": ("cp", "restecg", "slope", "thal")}


class Patients(NamedTuple):
    """A table of patients.

    Attributes:
        rows: measurements by name; NaN where missing.
        ill: 1 where the disease is present.
        codes: names of the columns that are codes.
        disease: what class 1 is.
    """

    rows: pd.DataFrame
    ill: np.ndarray
    codes: tuple[str, ...]
    disease: str


def load_patients(name: str) -> Patients:
    """All patients of a table, with class 1 for the disease.

    Args:
        name: "breast_cancer" (embedded; both parts together, for cross-validation) or
            "cleveland" (an official file; grades 1 to 4 count as ill).

    Raises:
        ArgumentError: another name.
        DataError: the file is missing or altered.

    Example:
        >>> patients = load_patients("breast_cancer")
        >>> patients.rows.shape, int(patients.ill.sum()), patients.disease
        ((569, 30), 212, 'malignant')
    """
    if name == "breast_cancer":
        parts = [data.load(name, split=split) for split in ("train", "test")]
        inputs = np.concatenate([part.inputs for part in parts])
        benign = np.concatenate([part.targets for part in parts])
        rows = pd.DataFrame(inputs, columns=list(parts[0].feature_names))
        return Patients(rows, (benign == 0).astype(np.int64), (), "malignant")
    if name == "cleveland":
        found = data.load(name)
        rows = pd.DataFrame(found.inputs, columns=list(found.feature_names))
        ill = (found.targets > 0).astype(np.int64)
        return Patients(rows, ill, _CODES[name], "heart disease")
    raise ArgumentError("name", required="breast_cancer or cleveland", got=name)


def row_model(candidate: Mapping[str, Any], patients: Patients, *, seed: int = 0) -> Pipeline:
    """An unfitted model of rows, its preparation inside: imputation, scaling, one-hot codes."""
    settings = dict(candidate)
    kind = settings.pop("kind", None)
    if kind == "logistic":
        model: Any = LogisticRegression(max_iter=5000, **settings)
    elif kind == "trees":
        model = HistGradientBoostingClassifier(random_state=seed, max_iter=100, **settings)
    else:
        raise ArgumentError("candidate", required="kind logistic or trees", got=candidate)
    numbers = [str(name) for name in patients.rows if name not in patients.codes]
    return make_pipeline(table_pipeline(numbers, patients.codes), model)


def nested_auc(
    patients: Patients,
    *,
    candidates: Sequence[Mapping[str, Any]] = CANDIDATES,
    folds: int = 5,
    seed: int = 0,
) -> tuple[tune.NestedCrossValidation, np.ndarray]:
    """Areas under the ROC curve of outer folds, each by what its own inner folds chose.

    Args:
        patients: the table.
        candidates: what is chosen among.
        folds: outer; half as many inner ones, at least three.
        seed: of the folds.

    Returns:
        The scores, and each patient's probability by the model of the fold that left them out.
    """
    said = np.full(len(patients.ill), np.nan)
    outer = tune.stratified_folds(patients.ill, folds, seed=seed)

    def score(candidate: Mapping[str, Any], train: np.ndarray, test: np.ndarray) -> float:
        model = row_model(candidate, patients, seed=seed)
        model.fit(patients.rows.iloc[train], patients.ill[train])
        found = model.predict_proba(patients.rows.iloc[test])[:, 1]
        if any(test is fold.test for fold in outer):  # what inner folds say is not kept
            said[test] = found
        return float(roc_auc_score(patients.ill[test], found))

    result = tune.nested_cross_validate(
        score,
        candidates,
        outer=outer,
        inner=lambda rows: tune.stratified_folds(patients.ill[rows], max(3, folds // 2), seed=seed),
    )
    return result, said


def check_row(raw: Any, patients: Patients, *, most_missing: float = 0.5) -> tuple[Any, str]:
    """One raw row as a table of one, or a sentence that says why not.

    Args:
        raw: measurements by name; those that are missing may be None, NaN or left out.
        patients: what the model was trained on.
        most_missing: share of missing measurements beyond which there is no answer.

    Raises:
        ValueError: no mapping, an unknown name, a value that is no number or has no end, or
            too much missing.
    """
    if not isinstance(raw, Mapping):
        raise ValueError("The row is no mapping from names to numbers.")
    names = list(patients.rows)
    unknown = [str(name) for name in raw if name not in names]
    if unknown:
        raise ValueError(f"Unknown measurements: {', '.join(unknown[:3])}.")
    try:
        values = [np.nan if (v := raw.get(name)) is None else float(v) for name in names]
    except (TypeError, ValueError):
        raise ValueError("A measurement is no number.") from None
    if np.isinf(values).any():
        raise ValueError("A measurement is infinite.")
    missing = [name for name, value in zip(names, values, strict=True) if np.isnan(value)]
    if len(missing) > most_missing * len(names):
        raise ValueError(f"{len(missing)} of {len(names)} measurements are missing.")
    note = f"{len(missing)} measurements were filled in." if missing else ""
    return pd.DataFrame([values], columns=names), note
