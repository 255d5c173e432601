"""Dirt planted in a clean table, so that cleaning can be held against what is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from labkit.errors import ArgumentError

__all__ = ["Soiled", "soil"]


@dataclass(frozen=True, eq=False)
class Soiled:
    """A dirty table and what is wrong with it.

    Attributes:
        table: every cell a word, as from a CSV file; the target in its last column.
        unknown_cells: cells that say ``?`` (those of repeated rows not counted).
        impossible_cells: numbers that lost their sign (alike).
        repeated_rows: rows that stand twice.
        wrong_labels: numbers of rows whose target was changed to another class.
    """

    table: pd.DataFrame
    unknown_cells: int
    impossible_cells: int
    repeated_rows: int
    wrong_labels: NDArray[np.intp]


def soil(
    table: pd.DataFrame,
    targets: ArrayLike,
    *,
    unknown: float = 0.03,
    impossible: float = 0.01,
    repeated: float = 0.05,
    wrong_labels: float = 0.04,
    seed: int = 0,
) -> Soiled:
    """Plant the usual dirt in a table of numbers that are all above 0.

    Args:
        table: clean rows.
        targets: the class number of each row.
        unknown: share of the cells to be replaced by ``?``.
        impossible: share of the cells to become negative.
        repeated: share of the rows to be written twice.
        wrong_labels: share of the rows to be given another class.
        seed: of all choices.

    Raises:
        ArgumentError: a share outside [0, 0.5].

    Example:
        >>> clean = pd.DataFrame({"age": np.arange(1.0, 101.0)})
        >>> dirty = soil(clean, np.arange(100) % 2, seed=0)
        >>> dirty.table.shape, dirty.repeated_rows, len(dirty.wrong_labels)
        ((105, 2), 5, 4)
    """
    for name, share in (("unknown", unknown), ("impossible", impossible)):
        if not 0 <= share <= 0.5:
            raise ArgumentError(name, required="from 0 to 0.5", got=share)
    generator, labels = np.random.default_rng(seed), np.asarray(targets).copy()
    draws = generator.random(table.shape)
    is_unknown, is_impossible = draws < unknown, draws > 1 - impossible
    is_impossible &= (table > 0).to_numpy()
    values = table.where(~is_impossible, -table).astype(str)
    values = values.where(~is_unknown & table.notna().to_numpy(), "?")
    flipped = np.sort(generator.choice(len(labels), round(wrong_labels * len(labels)), False))
    classes = labels.max() + 1
    labels[flipped] = (labels[flipped] + generator.integers(1, classes, len(flipped))) % classes
    values["target"] = labels.astype(str)
    again = generator.choice(len(labels), round(repeated * len(labels)), False)
    dirty = pd.concat([values, values.iloc[again]], ignore_index=True)
    questions = int((values == "?").to_numpy().sum())
    return Soiled(dirty, questions, int(is_impossible.sum()), len(again), flipped)
