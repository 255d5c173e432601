"""Series of the UCR archive: one series per row, its class (1, 2, …) in front.

Source: H. A. Dau et al., "The UCR Time Series Archive", IEEE/CAA J. Autom. Sinica 6(6), 2019;
https://www.cs.ucr.edu/~eamonn/time_series_data_2018/.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labkit.data.formats.numbers import read_numbers
from labkit.data.formats.parts import Parts, only_data_errors
from labkit.errors import DataError

__all__ = ["read_split"]


@only_data_errors("a file of the UCR archive")
def read_split(series: Path, *, length: int, classes: int) -> Parts:
    """All series of one file.

    Args:
        series: the text file.
        length: how many values each series has.
        classes: how many classes there are.

    Returns:
        inputs float64 [n, length]; targets int32 [n], from 0.
    """
    rows = read_numbers(series, columns=length + 1)
    labels = rows[:, 0].astype(np.int32)
    if (labels != rows[:, 0]).any() or labels.min() < 1 or labels.max() > classes:
        raise DataError(f"{series} has classes that are not whole numbers from 1 to {classes}.")
    return Parts(inputs=rows[:, 1:].copy(), targets=labels - 1)
