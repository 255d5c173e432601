"""Things compared on several scales at once: one row for each, one panel for each scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.viz.style import MARKERS, PALETTE, new_figure, styled

__all__ = ["Panel", "range_panels"]


@dataclass(frozen=True)
class Panel:
    """One scale of :func:`range_panels`.

    Attributes:
        label: what is shown, with its unit.
        values: ``n`` points; NaN where there is none.
        low: ``n`` lower ends of a bar through each point, or None for none.
        high: the upper ends.
        log: whether the scale is logarithmic.
    """

    label: str
    values: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    log: bool = False


@styled
def range_panels(names: Sequence[str], panels: Sequence[Panel], *, width: float = 10.0) -> Figure:
    """Rows of points with bars, side by side on several scales.

    Args:
        names: the rows, top to bottom, ``n`` of them.
        panels: the scales, left to right.
        width: inches.

    Raises:
        ShapeError: a panel's values are not one for each name.

    Example:
        >>> figure = range_panels(["a", "b"], [Panel("accuracy", [0.8, 0.9], [0.7, 0.8], [1, 1]),
        ...                                    Panel("latency / ms", [3, 9], log=True)])
        >>> [axes.get_xlabel() for axes in figure.axes]
        ['accuracy', 'latency / ms']
    """
    height = 1.2 + 0.42 * max(len(names), 2)
    figure, grid = new_figure(
        1, len(panels), width=width, height=height, sharey=True, squeeze=False
    )
    rows = np.arange(len(names))
    for axes, panel, color, marker in zip(grid[0], panels, PALETTE, MARKERS, strict=False):
        middle = np.asarray(panel.values, float)
        ends = [
            np.asarray(middle if end is None else end, float) for end in (panel.low, panel.high)
        ]
        for array in (middle, *ends):
            if array.shape != rows.shape:
                required = f"one value for each of {len(names)} names"
                raise ShapeError(panel.label, required=required, got=array.shape)
        axes.hlines(rows, *ends, color=color, linewidth=3, alpha=0.5)
        axes.plot(middle, rows, linestyle="", marker=marker, color=color)
        axes.set_xlabel(panel.label)
        if panel.log:
            _log_scale(axes, np.concatenate([middle, *ends]))
    first = grid[0][0]
    first.set_yticks(rows, names)
    first.set_ylim(len(names) - 0.5, -0.5)
    return figure


def _log_scale(axes: Any, values: np.ndarray) -> None:
    """Ticks far enough apart to be read: 1, 2 and 5 of each decade over one, else the decades."""
    axes.set_xscale("log")
    known = values[np.isfinite(values) & (values > 0)]
    narrow = known.size and known.max() < 20 * known.min()
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
