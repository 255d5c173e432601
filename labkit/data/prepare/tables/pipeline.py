"""From mixed columns to a matrix of numbers, as one scikit-learn transformer fitted on train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from labkit.errors import ArgumentError

__all__ = ["OutlierClipper", "column_kinds", "table_pipeline"]


class OutlierClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Values outside Tukey's fences of the training rows moved onto the fence.

    The fences stand ``reach`` interquartile ranges outside the quartiles. Missing values
    stay missing.

    Source: J. W. Tukey, Exploratory Data Analysis, 1977, chapter 2: 1.5 marks "outside"
        values, 3 "far out" ones. The default is 3: clip what is surely not honest spread.

    Example:
        >>> clipper = OutlierClipper(reach=1.5).fit(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]))
        >>> clipper.transform(np.array([[-90.0], [2.0], [90.0]])).ravel().tolist()
        [-2.0, 2.0, 6.0]
    """

    def __init__(self, reach: Any = 3.0) -> None:  # checked in fit, as scikit-learn asks
        self.reach = reach

    def fit(self, X: Any, y: Any = None) -> OutlierClipper:  # noqa: ARG002
        """Learn the fences of every column."""
        if not self.reach > 0:
            raise ArgumentError("reach", required="above 0", got=self.reach)
        values = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        lower, upper = np.nanquantile(values, [0.25, 0.75], axis=0)
        self.lower_fence_ = lower - self.reach * (upper - lower)
        self.upper_fence_ = upper + self.reach * (upper - lower)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Clip to the fences."""
        check_is_fitted(self)
        values = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(values, self.lower_fence_, self.upper_fence_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def column_kinds(table: pd.DataFrame, *, most_codes: int = 0) -> tuple[list[str], list[str]]:
    """Names of the numeric columns, and of the categorical ones.

    Args:
        table: the rows.
        most_codes: numeric columns with at most this many distinct values are codes, and
            count as categorical.

    Example:
        >>> column_kinds(pd.DataFrame({"age": [1, 2], "sex": ["f", "m"]}))
        (['age'], ['sex'])
    """
    numeric = [
        str(name)
        for name, column in table.items()
        if pd.api.types.is_numeric_dtype(column) and column.nunique() > most_codes
    ]
    return numeric, [str(name) for name in table if name not in numeric]


def table_pipeline(
    numeric: Sequence[str],
    categorical: Sequence[str] = (),
    *,
    clipper: Any = "passthrough",
    imputer: Any = None,
    scaler: Any = None,
    encoder: Any = None,
) -> ColumnTransformer:
    """Clip, impute and scale the numeric columns; encode the categorical ones.

    Each step may be replaced by any scikit-learn transformer, or left out by giving
    ``"passthrough"``. Columns that are not named are dropped.

    Args:
        numeric: names of columns of numbers.
        categorical: names of columns of words or codes.
        clipper: none by default; for instance ``OutlierClipper()``.
        imputer: for numbers; by default the median, with a column that says "was missing".
        scaler: by default to mean 0 and deviation 1.
        encoder: by default one column for each category, "missing" being one of them;
            categories that train did not have become all zeros.

    Returns:
        An unfitted transformer. Fit it on train; put a model behind it with
        ``sklearn.pipeline.make_pipeline``, so that cross-validation refits it in every fold.

    Raises:
        ArgumentError: no column, or one that is both.

    Example:
        >>> table = pd.DataFrame({"age": [30.0, None, 50.0], "sex": ["f", "m", None]})
        >>> table_pipeline(["age"], ["sex"]).fit_transform(table).shape
        (3, 5)
    """
    both = sorted(set(numeric) & set(categorical))
    if both or not (numeric or categorical):
        required = "at least one column, none of them categorical too"
        raise ArgumentError("numeric", required=required, got=both or list(numeric))
    numbers = Pipeline(
        [
            ("clip", clipper),
            ("impute", imputer or SimpleImputer(strategy="median", add_indicator=True)),
            ("scale", scaler or StandardScaler()),
        ]
    )
    words = encoder or OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [("numeric", numbers, list(numeric)), ("categorical", words, list(categorical))]
    )
