"""One look for every picture: colour-blind-safe, legible at 100 %, the same bytes every time.

Figures are plain ``matplotlib.figure.Figure`` objects, never pyplot's, so that
no picture depends on what was drawn before it and none is left open.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

__all__ = ["LINE_STYLES", "MARKERS", "PALETTE", "STYLE", "new_figure", "styled"]

#: Eight colours that people with any kind of colour vision tell apart.
#: Source: Okabe and Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/;
#: yellow comes last because it is faint on white.
PALETTE = (
    "#0072B2",  # blue
    "#D55E00",  # vermilion
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#000000",  # black
    "#F0E442",  # yellow
)
#: Colour is never the only difference: series also differ in marker and dash.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINE_STYLES = ("-", "--", "-.", ":")

#: Left, right, bottom and top of a plot with numbers on both axes.
MARGINS_INCHES = (0.85, 0.2, 0.72, 0.4)

STYLE: Any = {
    "figure.figsize": (6.4, 4.0),
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",  # ships with matplotlib, hence the same on every machine
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "image.cmap": "cividis",  # even in lightness, safe for all colour vision
    "image.interpolation": "nearest",
}

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function in labkit's style, and leave matplotlib's settings as they were.

    Example:
        >>> @styled
        ... def empty() -> Figure:
        ...     figure, axes = new_figure()
        ...     return figure
        >>> empty().get_dpi()
        100.0
    """

    @functools.wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return in_style


def new_figure(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float = 6.4,
    height: float = 4.0,
    fixed_margins: bool = False,
    **kwargs: Any,
) -> tuple[Figure, Any]:
    """A figure in labkit's style and its axes.

    Args:
        rows: number of rows of axes.
        columns: number of columns of axes.
        width: width of the whole figure in inches (at 100 pixels per inch).
        height: height of the whole figure in inches.
        fixed_margins: room for numbers on both axes and a title, whatever they are. It halves
            the time to draw, and pictures of one series keep their axes in place; names
            as tick labels and several panels need the margins that fit them (the default).
        **kwargs: passed to ``Figure.subplots`` (``sharex``, ``squeeze``, ...).

    Returns:
        The figure, and one ``Axes`` or a NumPy array of them.

    Example:
        >>> figure, axes = new_figure(1, 2, width=8.0)
        >>> axes.shape
        (2,)
    """
    with mpl.rc_context({**STYLE, "figure.constrained_layout.use": not fixed_margins}):
        figure = Figure(figsize=(width, height))
        if fixed_margins:
            left, right, bottom, top = MARGINS_INCHES
            figure.subplots_adjust(
                left=left / width,
                right=1 - right / width,
                bottom=bottom / height,
                top=1 - top / height,
            )
        return figure, figure.subplots(rows, columns, **kwargs)
