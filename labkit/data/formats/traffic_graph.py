"""Road sensors on a graph (METR-LA as T-GCN publishes it): speeds over time, and an adjacency.

Source: L. Zhao et al., "T-GCN: A Temporal Graph Convolutional Network for Traffic Prediction",
IEEE T-ITS 21(9), 2020, https://github.com/lehaifeng/T-GCN; Y. Li, R. Yu, C. Shahabi, Y. Liu,
"Diffusion Convolutional Recurrent Neural Network", ICLR 2018 (METR-LA and its Gaussian kernel).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labkit.data.formats.numbers import read_numbers
from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_text
from labkit.errors import DataError

__all__ = ["read_adjacency", "read_speeds", "read_split"]


@only_data_errors("a table of sensor speeds")
def read_speeds(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Speeds float64 [times, sensors] and the sensors' names, from a CSV with a header.

    Raises:
        DataError: two sensors of one name, a row of another length, or a negative speed.
    """
    names = tuple(name.strip() for name in read_text(path, "ascii").split("\n", 1)[0].split(","))
    if len(set(names)) != len(names) or "" in names:
        raise DataError(f"{path}: its first row does not name different sensors.")
    speeds = read_numbers(path, columns=len(names), delimiter=",", skip_rows=1)
    if speeds.min() < 0:
        raise DataError(f"{path} holds a negative speed.")
    return speeds, names


@only_data_errors("an adjacency matrix")
def read_adjacency(path: Path) -> np.ndarray:
    """A square float64 matrix of weights from 0 to 1, from a CSV without a header."""
    weights = read_numbers(path, delimiter=",")
    if weights.shape[0] != weights.shape[1]:
        raise DataError(f"{path} is {weights.shape[0]} × {weights.shape[1]}, not a square matrix.")
    if weights.min() < 0 or weights.max() > 1:
        raise DataError(f"{path} holds weights outside 0 to 1.")
    return weights


def read_split(speeds: Path | None = None, adjacency: Path | None = None) -> Parts:
    """The speeds, or the adjacency; the two are separate data sets with the same sensors.

    Returns:
        inputs float64 [times, sensors] or [sensors, sensors]; there are no targets.
    """
    if speeds is not None:
        values, names = read_speeds(speeds)
        return Parts(values, np.empty((len(values), 0)), feature_names=names)
    if adjacency is None:
        raise DataError("There is neither a file of speeds nor one of an adjacency.")
    weights = read_adjacency(adjacency)
    return Parts(weights, np.empty((len(weights), 0)))
