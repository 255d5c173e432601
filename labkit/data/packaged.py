"""Small parts of official sets that travel in the package: they load with no network.

Each lies in ``samples/`` as a gzipped table with a column that says of which split a row is.
"""

from __future__ import annotations

import csv
import gzip
import io
from importlib import resources

import numpy as np

from labkit.data.formats.parts import Parts
from labkit.data.formats.text import strings

__all__ = ["read_split"]


def read_split(name: str, split: str) -> Parts:
    """One side of a packaged set of labelled texts.

    Args:
        name: "banking77_sample".
        split: "train" or "test".

    Returns:
        inputs: an object array [n] of texts; targets int32 [n]; class_names in alphabetical order.

    Example:
        >>> read_split("banking77_sample", "test").inputs.shape
        (400,)
    """
    stored = resources.files("labkit.data") / "samples" / f"{name}.csv.gz"
    text = gzip.decompress(stored.read_bytes()).decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    names = tuple(sorted({row["category"] for row in rows}))
    chosen = [row for row in rows if row["split"] == split]
    labels = np.array([names.index(row["category"]) for row in chosen], np.int32)
    return Parts(strings([row["text"] for row in chosen]), labels, class_names=names)
