"""The plain plots that most figures are: lines, bars, points, a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.viz.style import LINE_STYLES, MARKERS, PALETTE, new_figure, styled

__all__ = ["bars", "heatmap", "lines", "scatter"]


@styled
def lines(
    x: ArrayLike,
    series: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    bands: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    logx: bool = False,
    logy: bool = False,
    ylim: tuple[float, float] | None = None,
    markers: bool = True,
    width: float = 6.4,
    height: float = 4.0,
) -> Figure:
    """Lines over one common x axis, one per entry of ``series``.

    Args:
        x: positions, ``n`` values.
        series: the name of each line and its ``n`` values.
        xlabel: what x is, with its unit.
        ylabel: what y is, with its unit.
        title: one line above the plot.
        bands: for some names, the lower and upper edge of a shaded band.
        logx: whether the x axis is logarithmic.
        logy: whether the y axis is logarithmic.
        ylim: ends of the y axis, for plots that are to be compared; by default what the data need.
        markers: whether each point is marked.
        width: inches.
        height: inches.

    Raises:
        ShapeError: a line and ``x`` differ in length.

    Example:
        >>> figure = lines([1, 2], {"a": [3, 4]}, xlabel="epoch", ylabel="loss")
        >>> figure.axes[0].get_xlabel()
        'epoch'
    """
    figure, axes = new_figure(width=width, height=height, fixed_margins=True)
    x = np.asarray(x)
    for i, (name, values) in enumerate(series.items()):
        y = np.asarray(values)
        if y.shape != x.shape:
            raise ShapeError(f"series[{name!r}]", required=f"of shape {x.shape}", got=y.shape)
        marker = MARKERS[i % len(MARKERS)] if markers else None
        color = PALETTE[i % len(PALETTE)]
        dash = LINE_STYLES[i % len(LINE_STYLES)]
        axes.plot(x, y, color=color, linestyle=dash, marker=marker, label=name)
        if bands and name in bands:
            low, high = (np.asarray(edge) for edge in bands[name])
            axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)
    _finish(axes, xlabel, ylabel, title, logx, logy)
    if ylim:
        axes.set_ylim(*ylim)
    if len(series) > 1:
        axes.legend()
    return figure


@styled
def scatter(
    groups: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    labels: Mapping[str, Sequence[str]] | None = None,
    diagonal: bool = False,
    logx: bool = False,
    logy: bool = False,
) -> Figure:
    """Points, one colour and marker per group.

    Args:
        groups: the name of each group and its ``(x, y)``.
        xlabel: what x is, with its unit.
        ylabel: what y is, with its unit.
        title: one line above the plot.
        labels: for some groups, one short text per point.
        diagonal: draw the line y = x (for predicted against measured).
        logx: whether the x axis is logarithmic.
        logy: whether the y axis is logarithmic.

    Example:
        >>> figure = scatter({"runs": ([1, 2], [1.1, 1.9])}, xlabel="predicted / s",
        ...                  ylabel="measured / s", diagonal=True)
        >>> len(figure.axes[0].collections)
        1
    """
    figure, axes = new_figure(fixed_margins=True)
    for i, (name, (x, y)) in enumerate(groups.items()):
        x, y = np.asarray(x), np.asarray(y)
        axes.scatter(
            x, y, color=PALETTE[i % len(PALETTE)], marker=MARKERS[i % len(MARKERS)], label=name
        )
        for xi, yi, text in zip(x, y, (labels or {}).get(name, ()), strict=False):
            axes.annotate(text, (xi, yi), xytext=(4, 4), textcoords="offset points", fontsize=9)
    _finish(axes, xlabel, ylabel, title, logx, logy)
    if diagonal:
        ends = np.array([*axes.get_xlim(), *axes.get_ylim()])
        ends = ends[ends > 0] if logx or logy else ends
        span = [ends.min(), ends.max()]
        axes.plot(span, span, color="#777777", linestyle=":", label="equal", zorder=0)
    if len(groups) > 1 or diagonal:
        axes.legend()
    return figure


@styled
def bars(
    names: Sequence[str],
    series: Mapping[str, ArrayLike],
    *,
    ylabel: str,
    title: str = "",
    errors: Mapping[str, ArrayLike] | None = None,
    logy: bool = False,
    width: float = 6.4,
) -> Figure:
    """Bars side by side: one group per name, one bar per series.

    Args:
        names: the groups along the x axis, ``n`` of them.
        series: the name of each kind of bar and its ``n`` heights.
        ylabel: what the height is, with its unit.
        title: one line above the plot.
        errors: for some series, the half-widths of error bars (``n``, or ``2 n`` for low, high).
        logy: whether the y axis is logarithmic.
        width: inches.

    Example:
        >>> figure = bars(["CPU", "GPU"], {"predicted": [3, 1], "measured": [4, 1.2]},
        ...               ylabel="time / ms")
        >>> len(figure.axes[0].patches)
        4
    """
    figure, axes = new_figure(width=width)
    centres = np.arange(len(names))
    bar_width = 0.8 / max(len(series), 1)
    for i, (name, heights) in enumerate(series.items()):
        offset = (i - (len(series) - 1) / 2) * bar_width
        axes.bar(
            centres + offset,
            np.asarray(heights),
            bar_width * 0.94,
            yerr=None if errors is None or name not in errors else np.asarray(errors[name]),
            capsize=3,
            color=PALETTE[i % len(PALETTE)],
            hatch=("", "//", "..", "xx")[i % 4],
            edgecolor="white",
            label=name,
        )
    slanted = sum(map(len, names)) > 9 * width
    axes.set_xticks(
        centres, names, rotation=30 if slanted else 0, ha="right" if slanted else "center"
    )
    axes.grid(visible=False, axis="x")
    _finish(axes, "", ylabel, title, False, logy)
    if len(series) > 1:
        _legend_off_the_bars(axes, len(series))
    return figure


def _legend_off_the_bars(axes: Axes, columns: int) -> None:
    """A legend inside where it covers no bar, else above the plot."""
    legend = axes.legend()
    axes.figure.canvas.draw()
    own = legend.get_window_extent()
    if not any(own.overlaps(bar.get_window_extent()) for bar in axes.patches):
        return
    legend.remove()
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)
    axes.set_title(axes.get_title(), pad=26)


@styled
def heatmap(
    values: ArrayLike,
    *,
    row_names: Sequence[str],
    column_names: Sequence[str],
    xlabel: str,
    ylabel: str,
    unit: str,
    title: str = "",
    number_format: str = "{:.3g}",
) -> Figure:
    """A matrix as coloured cells with the numbers written in them.

    Args:
        values: ``(n, m)`` numbers.
        row_names: ``n`` names, top to bottom.
        column_names: ``m`` names, left to right.
        xlabel: what the columns are.
        ylabel: what the rows are.
        unit: what the colour means, with its unit.
        title: one line above the plot.
        number_format: how a number is written in its cell; ``""`` writes none.

    Raises:
        ShapeError: ``values`` is not ``(len(row_names), len(column_names))``.

    Example:
        >>> figure = heatmap([[1, 2], [3, 4]], row_names="ab", column_names="xy",
        ...                  xlabel="column", ylabel="row", unit="count")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1', '2', '3', '4']
    """
    values = np.asarray(values, dtype=float)
    wanted = (len(row_names), len(column_names))
    if values.shape != wanted:
        raise ShapeError("values", required=f"of shape {wanted}", got=values.shape)
    width = min(10.0, max(4.6, 2.2 + 0.55 * wanted[1]))
    figure, axes = new_figure(width=width, height=min(8.0, max(3.2, 1.4 + 0.42 * wanted[0])))
    image = axes.imshow(values, aspect="auto")
    axes.grid(visible=False)
    axes.set_xticks(range(wanted[1]), column_names, rotation=45 if wanted[1] > 6 else 0)
    axes.set_yticks(range(wanted[0]), row_names)
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    if number_format:
        for (row, column), value in np.ndenumerate(values):
            color = "white" if value < middle else "black"
            text = number_format.format(value)
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=9)
    figure.colorbar(image, ax=axes, label=unit)
    _finish(axes, xlabel, ylabel, title, False, False)
    return figure


def _finish(axes: Any, xlabel: str, ylabel: str, title: str, logx: bool, logy: bool) -> None:
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.set_title(title)
    if logx:
        axes.set_xscale("log")
    if logy:
        axes.set_yscale("log")
