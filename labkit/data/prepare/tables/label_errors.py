"""Labels that are probably wrong: a model that never saw a row disagrees with its label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from labkit.errors import ArgumentError

__all__ = ["LabelSuspects", "suspect_labels"]


@dataclass(frozen=True, eq=False)
class LabelSuspects:
    """Rows whose label is in doubt, most doubtful first.

    Attributes:
        rows: ``[suspects]`` row numbers.
        suggested: ``[suspects]`` the class the other rows speak for.
        confidence_gap: ``[suspects]`` probability of the suggested class minus that of the
            given one.
        given_probability: ``[n]`` cross-validated probability of each row's own label.
    """

    rows: NDArray[np.intp]
    suggested: np.ndarray
    confidence_gap: NDArray[np.float64]
    given_probability: NDArray[np.float64]


def suspect_labels(
    inputs: Any, targets: ArrayLike, estimator: Any, *, folds: int = 5, seed: int = 0
) -> LabelSuspects:
    """Find rows that a cross-validated classifier assigns to another class with confidence.

    The threshold of a class is the mean probability that rows with that label get for it. A
    row is suspect where another class passes its own threshold, is the most probable of
    those that do, and is more probable than the given label.

    Args:
        inputs: ``[n, ...]`` array or table.
        targets: ``[n]`` labels as given.
        estimator: an unfitted scikit-learn classifier with ``predict_proba``.
        folds: of the cross-validation; every row is judged by a model that did not see it.
        seed: of the folds.

    Raises:
        ArgumentError: the estimator gives no probabilities, or a class has fewer rows than
            folds.

    Source: confident learning, Northcutt, Jiang and Chuang 2021,
        https://arxiv.org/abs/1911.00068, section 3.1, equations 1 and 2; pruned by the
        off-diagonals of the confident joint, ranked by the margin.
    """
    labels = np.asarray(targets)
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if not hasattr(estimator, "predict_proba"):
        raise ArgumentError("estimator", required="one with predict_proba", got=estimator)
    if counts.min() < folds:
        raise ArgumentError("folds", required=f"at most {counts.min()}", got=folds)
    probabilities = _held_out_probabilities(inputs, codes, estimator, folds, seed)
    thresholds = np.array([probabilities[codes == k, k].mean() for k in range(len(classes))])
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    best = confident.argmax(axis=1)
    own = probabilities[np.arange(len(codes)), codes]
    gap = confident[np.arange(len(codes)), best] - own
    rows = np.flatnonzero((best != codes) & (gap > 0))
    rows = rows[np.argsort(-gap[rows], kind="stable")]
    return LabelSuspects(rows, classes[best[rows]], gap[rows], own)


def _held_out_probabilities(
    inputs: Any, codes: np.ndarray, estimator: Any, folds: int, seed: int
) -> NDArray[np.float64]:
    """``[n, classes]``, each row from the model of the folds it is not in."""
    take = inputs.iloc.__getitem__ if hasattr(inputs, "iloc") else np.asarray(inputs).__getitem__
    probabilities = np.zeros((len(codes), codes.max() + 1))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for train, held_out in splitter.split(np.zeros(len(codes)), codes):
        model = clone(estimator).fit(take(train), codes[train])
        probabilities[held_out] = model.predict_proba(take(held_out))
    return probabilities
