"""The images of the case in three parts: real X-rays, or digits that stand in for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from labkit import data
from labkit.data.prepare.splits import stratified_split
from labkit.errors import ArgumentError

__all__ = ["Pictures", "load_pictures"]

_STAND_IN = 8  # the digit looked for: the one that is mistaken for most others


class Pictures(NamedTuple):
    """Images and what they show.

    Attributes:
        images: by part ("train", "val", "test"), (n h w 1) scaled to 0 to 1.
        labels: by part, (n): 1 for what is looked for.
        shape: rows and columns.
        disease: what class 1 is.
        medical: whether these are medical images at all.
    """

    images: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]
    shape: tuple[int, int]
    disease: str
    medical: bool


def load_pictures(name: str) -> Pictures:
    """Images in training, validation and test parts.

    Args:
        name: "pneumoniamnist" (its official parts), or "digits": handwritten digits in which the
            eights are looked for, so that every step can run on a machine without the X-rays.
            Results on them say nothing about medicine.

    Raises:
        ArgumentError: another name.
        DataError: the file is missing or altered.

    Example:
        >>> digits = load_pictures("digits")
        >>> {part: len(labels) for part, labels in digits.labels.items()}, digits.medical
        ({'train': 1149, 'val': 288, 'test': 360}, False)
    """
    if name == "pneumoniamnist":
        parts = {part: data.load(name, split=part) for part in ("train", "val", "test")}
        images = {part: found.scaled() for part, found in parts.items()}
        labels = {part: found.targets for part, found in parts.items()}
        return Pictures(images, labels, (28, 28), "pneumonia", True)
    if name == "digits":
        known, tested = (data.load(name, split=part) for part in ("train", "test"))
        rows = stratified_split(known.targets, test=0.2)
        eights = (known.targets == _STAND_IN).astype(np.int64)
        pixels = known.scaled()
        images = {"train": pixels[rows.train], "val": pixels[rows.test], "test": tested.scaled()}
        labels = {"train": eights[rows.train], "val": eights[rows.test]}
        labels["test"] = (tested.targets == _STAND_IN).astype(np.int64)
        return Pictures(images, labels, (8, 8), "an eight (no disease at all)", False)
    raise ArgumentError("name", required="pneumoniamnist or digits", got=name)
