"""Pictures of learning: curves over epochs, confusion matrices, grids of examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.viz.plots import heatmap
from labkit.viz.style import LINE_STYLES, PALETTE, new_figure, styled

__all__ = ["confusion_matrix", "image_grid", "learning_curves"]


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


@styled
def image_grid(
    images: ArrayLike,
    titles: Sequence[str] = (),
    *,
    columns: int = 8,
    value_range: tuple[float, float] | None = None,
    title: str = "",
) -> Figure:
    """Pictures side by side, row by row, each with its title.

    Args:
        images: ``(b, h, w)`` or ``(b, h, w, c)`` with 1 or 3 channels.
        titles: one short text per image, or none.
        columns: images per row.
        value_range: what is black and what is white; by default the range of the data.
        title: one line above the grid.

    Raises:
        ShapeError: ``images`` has another shape.

    Example:
        >>> import numpy as np
        >>> figure = image_grid(np.zeros((3, 8, 8, 1)), titles=["a", "b", "c"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['a', 'b', 'c']
    """
    stack = np.asarray(images)
    if stack.ndim == 4 and stack.shape[-1] == 1:
        stack = stack[..., 0]
    if stack.ndim != 3 and not (stack.ndim == 4 and stack.shape[-1] == 3):
        required = "of shape (b, h, w), (b, h, w, 1) or (b, h, w, 3)"
        raise ShapeError("images", required=required, got=stack.shape)
    low, high = value_range or (float(stack.min()), float(stack.max()))
    scaled = np.clip((stack - low) / max(high - low, 1e-12), 0, 1)
    columns = max(1, min(columns, len(stack)))
    lines = max((name.count("\n") + 1 for name in titles), default=0)
    words = 0.17 * lines + 0.03 * bool(lines)  # room above each image, inches
    rows, above = -(-len(stack) // columns), 0.4 if title else 0.05
    width, height = 1.1 * columns, (1.05 + words) * rows + above
    # One pair of axes for all, in inches: one for each image takes as many times as long to draw.
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    tall, wide = np.array(stack.shape[1:3]) / max(stack.shape[1:3])
    for i, image in enumerate(scaled):
        x, y = 1.1 * (i % columns) + 0.55, above + (1.05 + words) * (i // columns) + words + 0.5
        box = (x - wide / 2, x + wide / 2, y + tall / 2, y - tall / 2)
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, extent=box, aspect="auto")
        if i < len(titles):
            axes.text(x, y - tall / 2 - 0.04, titles[i], fontsize=9, ha="center", va="bottom")
    axes.set(xlim=(0, width), ylim=(height, 0))
    if title:
        axes.text(0.05, 0.1, title, fontsize=12, va="top")
    return figure
