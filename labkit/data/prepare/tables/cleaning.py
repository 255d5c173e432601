"""Cleaning a table: small functions from table to table, and a record of what each changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from labkit.errors import ArgumentError

__all__ = [
    "Change",
    "Cleaned",
    "TableStep",
    "clean",
    "drop_conflicts",
    "drop_duplicates",
    "impossible_to_missing",
    "mark_missing",
    "profile",
]

#: One step of cleaning.
TableStep: TypeAlias = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Change:
    """What one step did: rows dropped, and cells that became missing."""

    step: str
    rows_dropped: int
    cells_emptied: int


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A cleaned table, its rows numbered as before, and what each step changed."""

    table: pd.DataFrame
    changes: tuple[Change, ...]


def clean(table: pd.DataFrame, **steps: TableStep) -> Cleaned:
    """Run the steps in order and keep count.

    Only steps that look at one row at a time, or at equal rows, belong here. Whatever takes
    a statistic (a fence, a mean, a scale) belongs in a pipeline that is fitted on train.

    Args:
        table: raw rows; left as it is.
        steps: name of each step and its function.

    Example:
        >>> raw = pd.DataFrame({"age": ["41", "?", "41"]})
        >>> done = clean(raw, missing=mark_missing, duplicates=drop_duplicates)
        >>> done.table["age"].tolist(), done.changes[1].rows_dropped
        ([41.0, nan], 1)
    """
    changes = []
    for name, step in steps.items():
        after = step(table)
        kept = table.loc[after.index]
        emptied = int(after.isna().to_numpy().sum() - kept.isna().to_numpy().sum())
        changes.append(Change(name, len(table) - len(after), emptied))
        table = after
    return Cleaned(table, tuple(changes))


def profile(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each column: its type, missing share, distinct values, least and largest.

    Example:
        >>> profile(pd.DataFrame({"age": [30.0, None]})).loc["age", "missing"].item()
        0.5
    """
    numbers = table.select_dtypes("number")
    return pd.DataFrame(
        {
            "type": table.dtypes.astype(str),
            "missing": table.isna().mean(),
            "distinct": table.nunique(),
            "least": numbers.min(),
            "largest": numbers.max(),
        },
        index=table.columns,
    )


def mark_missing(
    table: pd.DataFrame, markers: Sequence[str] = ("?", "", "NA", "N/A", "null", "-")
) -> pd.DataFrame:
    """Words that stand for "not known" made missing; columns of numbers made numeric.

    Example:
        >>> mark_missing(pd.DataFrame({"thal": ["3.0", "?"]}))["thal"].tolist()
        [3.0, nan]
    """
    marked, absent = table.copy(), set(markers)
    for name, column in table.items():
        if pd.api.types.is_numeric_dtype(column):
            continue
        stripped = [word.strip() if isinstance(word, str) else word for word in column]
        words = pd.Series(
            [np.nan if word in absent else word for word in stripped], table.index, dtype=object
        )
        numbers = pd.to_numeric(words, errors="coerce")
        marked[name] = numbers.astype(float) if numbers.notna().equals(words.notna()) else words
    return marked


def impossible_to_missing(
    table: pd.DataFrame, possible: Mapping[str, tuple[float, float]]
) -> pd.DataFrame:
    """Values outside what can be (a blood pressure of 0, an age of 400) made missing.

    Args:
        table: rows with numeric columns.
        possible: for each column its least and largest possible value, both possible.

    Raises:
        ArgumentError: a column that is not in the table.

    Example:
        >>> table = pd.DataFrame({"glucose": [0, 148]})
        >>> impossible_to_missing(table, {"glucose": (1, 1000)})["glucose"].tolist()
        [nan, 148.0]
    """
    bounded = table.copy()
    for name, (low, high) in possible.items():
        if name not in table:
            raise ArgumentError("possible", required=f"columns of {list(table)}", got=name)
        bounded[name] = table[name].astype(float).where(table[name].between(low, high))
    return bounded


def drop_duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """The first of rows that are equal in every column."""
    return table.drop_duplicates()


def drop_conflicts(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """Without rows whose inputs are equal and whose targets are not: at most one can be right.

    Example:
        >>> rows = pd.DataFrame({"x": [1, 1, 2], "y": [0, 1, 1]})
        >>> drop_conflicts(rows, target="y").index.tolist()
        [2]
    """
    inputs = [name for name in table if name != target]
    answers = table.groupby(inputs, dropna=False)[target].transform("nunique")
    return table[np.asarray(answers <= 1)]
