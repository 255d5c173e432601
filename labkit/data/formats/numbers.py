"""Rectangles of numbers in a text file: the base of several scientific formats."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from labkit.data.formats.text import read_text
from labkit.errors import DataError

__all__ = ["read_numbers"]


def read_numbers(
    path: Path, *, columns: int | None = None, delimiter: str | None = None, skip_rows: int = 0
) -> np.ndarray:
    """A float64 array [rows, columns] of finite numbers.

    Args:
        path: the text file.
        columns: how many numbers each row must have; by default as many as the first.
        delimiter: what stands between two numbers; by default any white space.
        skip_rows: rows of a header.

    Raises:
        DataError: a row has another number of columns, or holds something else than numbers.
    """
    text = read_text(path, "ascii")
    if len(text.split("\n", skip_rows + 1)) <= skip_rows or not text.split("\n", skip_rows)[-1]:
        raise DataError(f"{path} has no rows of numbers.")
    try:
        array = np.loadtxt(
            io.StringIO(text), delimiter=delimiter, comments=None, skiprows=skip_rows, ndmin=2
        )
    except ValueError as error:
        raise DataError(f"{path} is not a table of numbers: {error}") from error
    if columns is not None and array.shape[1] != columns:
        raise DataError(f"{path} has {array.shape[1]} columns, not {columns}.")
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0] + 1
        raise DataError(f"{path}, row {row}, column {column}: the number is not finite.")
    return array
