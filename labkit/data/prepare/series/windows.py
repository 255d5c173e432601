"""Windows of a series, each with what comes after it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.errors import ArgumentError

__all__ = ["Windows", "windows"]


class Windows(NamedTuple):
    """Windows of a series.

    Attributes:
        inputs: ``[n, length, ...]``, views into the series: nothing is copied.
        targets: ``[n, horizon, ...]``, what follows each window.
        starts: ``[n]`` the first sample of each window.
    """

    inputs: np.ndarray
    targets: np.ndarray
    starts: NDArray[np.intp]


def windows(series: ArrayLike, length: int, *, horizon: int = 0, stride: int = 1) -> Windows:
    """Cut windows of ``length`` samples, one each ``stride``, and the ``horizon`` after each.

    Args:
        series: ``[t, ...]`` in order of time.
        length: samples in a window.
        horizon: samples to predict; a window whose horizon is not complete is left out.
        stride: samples from one window to the next.

    Raises:
        ArgumentError: nothing fits, or a length or stride below 1.

    Example:
        >>> cut = windows([0, 1, 2, 3, 4], 2, horizon=1)
        >>> cut.inputs.tolist(), cut.targets.ravel().tolist()
        ([[0, 1], [1, 2], [2, 3]], [2, 3, 4])
    """
    samples = np.asarray(series)
    if stride < 1:
        raise ArgumentError("stride", required="at least 1", got=stride)
    if length < 1 or length + horizon > len(samples):
        required = f"from 1 to the {len(samples) - horizon} samples there are before the horizon"
        raise ArgumentError("length", required=required, got=length)
    whole = np.lib.stride_tricks.sliding_window_view(samples, length + horizon, axis=0)
    whole = np.moveaxis(whole, -1, 1)[::stride]
    starts = np.arange(len(samples) - length - horizon + 1)[::stride]
    return Windows(whole[:, :length], whole[:, length:], starts)
