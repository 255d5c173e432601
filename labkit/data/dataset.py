"""What `load` returns: arrays with their names, their range, and where they come from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a data set, as NumPy arrays.

    Attributes:
        name: the name that `load` was given.
        split: "train", "test", ..., or "all" where the authors made no split.
        inputs: one example per row. Images are [n, height, width, channels]; a table of
            numbers is [n, features]; a table of mixed columns is a structured array with one
            field per feature; texts are [n] Python strings; tagged sentences are [n] tuples.
        targets: one row per example: class numbers (int32), real values, tag tuples, or
            [n, 0] where there is nothing to predict.
        feature_names: names of the columns of `inputs`; empty for images and text.
        class_names: name of class k at position k; empty for regression.
        value_range: (lowest, highest) value that an input can have; None for tables.
        licence: the terms of use, as the source states them.
        citation: who to cite.
        url: the home page of the data set.
        note: how this copy differs from the official one; empty when it does not.
    """

    name: str
    split: str
    inputs: np.ndarray
    targets: np.ndarray
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    value_range: tuple[float, float] | None = None
    licence: str = ""
    citation: str = ""
    url: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise DataError(
                f"{self.name}/{self.split} has {len(self.inputs)} inputs "
                f"but {len(self.targets)} targets: its files do not belong together."
            )

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.inputs)

    def scaled(self) -> np.ndarray:
        """The inputs as float32 in [0, 1], by the range the source can take.

        The range belongs to the format (0 to 255 for 8-bit images), not to the examples, so
        train and test are scaled alike and nothing leaks from one into the other.

        Raises:
            ArgumentError: the set is a table or text, which has no such range.

        Example:
            >>> from labkit.data import load
            >>> images = load("digits").scaled()
            >>> images.dtype.name, float(images.min()), float(images.max())
            ('float32', 0.0, 1.0)
        """
        if self.value_range is None:
            raise ArgumentError(
                "dataset",
                required="a set whose inputs share one range, such as images",
                got=self.name,
                fix="Fit a scaler on the training split instead (labkit.data.prepare).",
            )
        low, high = self.value_range
        return (self.inputs.astype(np.float32) - np.float32(low)) / np.float32(high - low)

    def frame(self) -> pd.DataFrame:
        """The inputs as a pandas table, one column per feature.

        Raises:
            ArgumentError: the inputs are not a table.
        """
        import pandas as pd

        if self.inputs.dtype.names:
            return pd.DataFrame.from_records(self.inputs)
        if self.inputs.ndim != 2 or len(self.feature_names) != self.inputs.shape[1]:
            raise ArgumentError("dataset", required="a table with named columns", got=self.name)
        return pd.DataFrame(self.inputs, columns=list(self.feature_names))

    def describe(self) -> str:
        """A few lines for a reader: what it holds, and on what terms.

        Example:
            >>> from labkit.data import load
            >>> print(load("wine", split="test").describe().splitlines()[0])
            wine/test: 36 examples, inputs float64 (36, 13), targets int32 (36,)
        """
        arrays = f"inputs {_shape(self.inputs)}, targets {_shape(self.targets)}"
        lines = [f"{self.name}/{self.split}: {len(self):,} examples, {arrays}"]
        if self.value_range is not None:
            lines.append(f"values:   {self.value_range[0]:g} to {self.value_range[1]:g}")
        if self.feature_names:
            lines.append(f"features: {_shorten(self.feature_names)}")
        if self.class_names and self.targets.dtype.kind == "i" and self.targets.ndim == 1:
            counts: Counter[Any] = Counter(self.targets.tolist())
            shares = [f"{name} {counts[k]:,}" for k, name in enumerate(self.class_names)]
            lines.append(f"classes:  {_shorten(shares)}")
        elif self.class_names:
            lines.append(f"classes:  {_shorten(self.class_names)}")
        fields = ("licence", self.licence), ("cite", self.citation), ("home", self.url)
        lines += [f"{label + ':':<10}{text}" for label, text in fields if text]
        return "\n".join([*lines, *([f"note:     {self.note}"] if self.note else [])])


def _shape(array: np.ndarray) -> str:
    kind = "table" if array.dtype.names else array.dtype.name
    return f"{kind} {array.shape}"


def _shorten(names: list[str] | tuple[str, ...], most: int = 12) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f", and {rest} more" if rest > 0 else "")
