"""One way in: `load(name)` finds, checks and reads a data set."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from labkit.data import embedded
from labkit.data.dataset import Dataset
from labkit.data.download import obtain
from labkit.data.registry import Entry, entry
from labkit.data.store import data_folder
from labkit.errors import ArgumentError

__all__ = ["load"]

_SAMPLES = Path(__file__).parent / "samples"


def load(
    name: str, *, root: str | os.PathLike[str] | None = None, split: str | None = None
) -> Dataset:
    """Read one split of a data set, fetching its files first if they are not here.

    Args:
        name: one of `available()`.
        root: folder with the data files; by default LABKIT_DATA, else the user's cache folder.
        split: one of the set's splits; by default "train", or the only one ("all") of a set
            that its authors did not divide.

    Raises:
        ArgumentError: no such set or split.
        DataError: a file is cut short, altered, or not in its format.
        OfflineError: a file is missing and cannot be fetched; says which, and where to put it.

    Example:
        >>> digits = load("digits", split="test")
        >>> digits.inputs.shape, digits.inputs.dtype.name, len(digits.class_names)
        ((360, 8, 8, 1), 'uint8', 10)
    """
    found = entry(name)
    split = found.default_split if split is None else split
    if split not in found.splits:
        raise ArgumentError("split", required=f"one of {', '.join(found.splits)}", got=split)
    parts, note = _parts(found, split, root)
    return Dataset(
        name=name,
        split=split,
        inputs=parts.inputs,
        targets=parts.targets,
        feature_names=parts.feature_names,
        class_names=parts.class_names or found.class_names,
        value_range=found.value_range,
        licence=found.licence,
        citation=found.citation,
        url=found.url,
        note=note,
    )


def _parts(found: Entry, split: str, root: str | os.PathLike[str] | None) -> tuple[Any, str]:
    """The arrays of a split, and a note on copies that stood for an official file."""
    if found.format == "embedded":
        return embedded.read_split(found.name, split), ""
    folder = data_folder(root)
    wanted = found.splits[split]
    files = {role: obtain(file, folder) for role, file in wanted.files.items()}
    notes = dict.fromkeys(file.copy.note for file in files.values() if file.copy.note)
    reader = importlib.import_module(f"labkit.data.formats.{found.format}")
    paths = {role: file.path for role, file in files.items()}
    paths |= {role: _SAMPLES / name for role, name in wanted.packaged.items()}
    return reader.read_split(**paths, **wanted.options), "; ".join(notes)
