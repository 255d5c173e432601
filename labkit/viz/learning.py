"""Pictures of learning: curves over epochs, confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.viz.plots import heatmap
from labkit.viz.style import LINE_STYLES, PALETTE, new_figure, styled

__all__ = ["confusion_matrix", "learning_curves"]


@styled
def learning_curves(
    curves: Mapping[str, Mapping[str, ArrayLike]], *, xlabel: str = "epoch", title: str = ""
) -> Figure:
    """Loss, accuracy, ... over epochs: one panel per quantity, one line per split or run.

    Args:
        curves: for each quantity (its name and unit label the y axis), the lines to draw:
            ``{"loss / nat": {"train": [...], "test": [...]}, "accuracy": {...}}``.
            Epochs count from 1.
        xlabel: what the x axis counts.
        title: one line above the panels.

    Example:
        >>> figure = learning_curves({"loss / nat": {"train": [2.3, 0.5], "test": [2.3, 0.6]}})
        >>> figure.axes[0].get_ylabel(), len(figure.axes[0].lines)
        ('loss / nat', 2)
    """
    columns = len(curves)
    figure, axes = new_figure(1, columns, width=min(10.0, 5.0 * columns), squeeze=False)
    for panel, (quantity, lines) in zip(axes[0], curves.items(), strict=True):
        for i, (name, values) in enumerate(lines.items()):
            y = np.asarray(values)
            panel.plot(
                np.arange(1, len(y) + 1),
                y,
                color=PALETTE[i % len(PALETTE)],
                linestyle=LINE_STYLES[i % len(LINE_STYLES)],
                marker="o" if len(y) <= 30 else None,
                label=name,
            )
        panel.set_xlabel(xlabel)
        panel.set_ylabel(quantity)
        panel.xaxis.get_major_locator().set_params(integer=True)
        if len(lines) > 1:
            panel.legend()
    if title:
        figure.suptitle(title)
    return figure


@styled
def confusion_matrix(counts: ArrayLike, class_names: Sequence[str], *, title: str = "") -> Figure:
    """True class by row, predicted class by column, with the counts written in the cells.

    The colour is the share of the row, so that a rare class shows as clearly as a common one.

    Args:
        counts: ``(k, k)`` counts, ``counts[true, predicted]``.
        class_names: the ``k`` names.
        title: one line above the plot.

    Raises:
        ShapeError: ``counts`` is not ``(k, k)``.

    Example:
        >>> figure = confusion_matrix([[8, 2], [1, 9]], ["healthy", "ill"])
        >>> figure.axes[0].get_ylabel()
        'true class'
    """
    counts = np.asarray(counts)
    k = len(class_names)
    if counts.shape != (k, k):
        raise ShapeError("counts", required=f"of shape {(k, k)}", got=counts.shape)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = heatmap(
        share,
        row_names=list(map(str, class_names)),
        column_names=list(map(str, class_names)),
        xlabel="predicted class",
        ylabel="true class",
        unit="share of the true class",
        title=title,
        number_format="",
    )
    axes = figure.axes[0]
    if k <= 20:
        for (row, column), count in np.ndenumerate(counts):
            color = "black" if share[row, column] > 0.5 else "white"
            text = f"{count:d}" if float(count).is_integer() else f"{count:.2g}"
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=9)
    return figure
