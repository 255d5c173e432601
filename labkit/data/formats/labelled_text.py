"""A CSV of texts and their classes, with the class names in a JSON list (banking77) or without.

Source: I. Casanueva et al., "Efficient Intent Detection with Dual Sentence Encoders", 2020, and
https://github.com/PolyAI-LDN/task-specific-datasets.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_text, strings
from labkit.errors import DataError

__all__ = ["read_categories", "read_split"]


@only_data_errors("a JSON list of class names")
def read_categories(path: Path) -> tuple[str, ...]:
    """The class names of a JSON file: a list of different, non-empty strings."""
    names = json.loads(read_text(path))
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise DataError(f"{path} is not a JSON list of class names.")
    if len(set(names)) != len(names):
        raise DataError(f"{path} names a class twice.")
    return tuple(names)


@only_data_errors("a CSV file of labelled texts")
def read_split(
    table: Path,
    categories: Path | None = None,
    *,
    columns: tuple[str, str] | list[str] = ("text", "category"),
    classes: list[str] | None = None,
) -> Parts:
    """Texts and class numbers.

    Args:
        table: the CSV file, with a header.
        categories: JSON file with the class names; the label column holds such names.
        columns: names of the text column and of the label column, the only two.
        classes: instead of `categories`, the labels as they stand in the file, in class order.

    Returns:
        inputs: an object array [n] of texts; targets int32 [n]; with `categories`, class_names.

    Raises:
        DataError: wrong header, a row without two fields, an empty text or an unknown class.
    """
    names = read_categories(categories) if categories else tuple(classes or ())
    numbers = {name: k for k, name in enumerate(names)}
    rows = csv.reader(io.StringIO(read_text(table), newline=""), strict=True)
    header = next(rows)
    if header != list(columns):
        raise DataError(f"{table} has the columns {header[:8]}, not {list(columns)}.")
    texts, labels = [], []
    for row in rows:
        if len(row) != 2 or not row[0].strip() or row[1] not in numbers:
            raise DataError(
                f"{table}, line {rows.line_num}: {str(row)[:80]} is not a text and one of the "
                f"{len(names)} classes."
            )
        texts.append(row[0])
        labels.append(numbers[row[1]])
    if not texts:
        raise DataError(f"{table} has a header and no rows.")
    return Parts(
        strings(texts), np.array(labels, np.int32), class_names=names if categories else ()
    )
