"""Leaks of the answer: a column that is the target in other clothes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from labkit.data.prepare.leakage.error import LeakageError

__all__ = ["check_target"]


def check_target(inputs: Any, targets: ArrayLike, *, limit: float = 0.99) -> None:
    """No single column, nor where it is missing, tells the target almost perfectly.

    A small tree is cross-validated on each column alone. Honest columns do not reach the
    limit; a copy of the target, a number that follows from it, a field that is filled in
    after the outcome, or the row number of a sorted table does.

    Args:
        inputs: a pandas table, or ``[n, features]``; missing values may be present.
        targets: ``[n]`` classes (any type but float) or real values (float).
        limit: cross-validated score (balanced accuracy, or R² for real targets) that no
            column may reach.

    Raises:
        LeakageError: one does; the message names the column and its score.

    Example:
        >>> answer = np.arange(60) % 2
        >>> check_target(pd.DataFrame({"noise": np.arange(60) // 7, "cured": answer + 5}), answer)
        Traceback (most recent call last):
        ...
        labkit.data.prepare.leakage.error.LeakageError: Column 'cured' alone tells the target
        (balanced accuracy 1.000). ...
    """
    table, labels = pd.DataFrame(inputs), np.asarray(targets)
    real = labels.dtype.kind == "f"
    leaves = max(16, 4 * len(np.unique(labels))) if not real else 256
    tree = (DecisionTreeRegressor if real else DecisionTreeClassifier)(
        max_leaf_nodes=leaves, random_state=0
    )
    scoring, score_name = ("r2", "R²") if real else ("balanced_accuracy", "balanced accuracy")
    order = np.random.default_rng(0).permutation(len(labels))  # folds of a sorted table
    for name, column in table.items():
        values = _numbers(column).to_numpy()[order, None]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds
            score = cross_val_score(tree, values, labels[order], cv=3, scoring=scoring).mean()
        if score >= limit:
            raise LeakageError(
                f"Column {name!r} alone tells the target ({score_name} {score:.3f}). Drop it, "
                "unless it is really known before the outcome; then raise `limit`."
            )


def _numbers(column: pd.Series) -> pd.Series:
    """The column as floats; words as numbers in order of appearance, missing as NaN."""
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("int64").astype(float).where(column.notna())
    codes = pd.Series(pd.factorize(column)[0], index=column.index).astype(float)
    return codes.where(codes >= 0)
