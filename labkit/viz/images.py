"""Grids of images, put together as one picture: each drawn by itself takes many times as long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.viz.style import STYLE, styled

__all__ = ["image_grid"]

#: In pixels: the longer side of an image, and from one image to the next, across and down.
SIDE, ACROSS, DOWN = 100, 110, 105


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
    bright = _bytes(np.clip((stack - low) / max(high - low, 1e-12), 0, 1))
    columns = max(1, min(columns, len(stack)))
    lines = max((name.count("\n") + 1 for name in titles), default=0)
    words = 17 * lines + 3 * bool(lines)  # pixels above each image
    paper, tops = _put_together(bright, columns, words, above=40 if title else 5)
    axes = _axes_of_pixels(paper)
    for i, name in enumerate(titles[: len(stack)]):
        x = ACROSS * (i % columns + 0.5)
        axes.text(x, tops[i] - 4, name, fontsize=9, ha="center", va="bottom")
    if title:
        axes.text(5, 10, title, fontsize=12, va="top")
    return axes.figure


def _bytes(shares: np.ndarray) -> np.ndarray:
    """Brightness from 0 to 1, of shape (b, h, w) or (b, h, w, 3), as bytes (b, h, w, 3)."""
    if shares.ndim == 3:
        return np.repeat(np.minimum(256 * shares, 255).astype(np.uint8)[..., None], 3, axis=-1)
    return (255 * shares).astype(np.uint8)


def _put_together(
    images: np.ndarray, columns: int, words: int, above: int
) -> tuple[np.ndarray, np.ndarray]:
    """All images on white paper, and where each one begins, from above."""
    row, column = np.divmod(np.arange(len(images)), columns)
    size = np.rint(SIDE * np.array(images.shape[1:3]) / max(images.shape[1:3])).astype(int)
    tops = above + words + (DOWN + words) * row + (SIDE - size[0]) // 2
    lefts = ACROSS * column + (ACROSS - size[1]) // 2
    height = above + (DOWN + words) * (int(row[-1]) + 1)
    paper = np.full((height, ACROSS * columns, 3), 255, np.uint8)
    # The pixel of the image that lies nearest to each pixel of the paper.
    down, across = (
        ((np.arange(n) + 0.5) * few / n).astype(int)
        for n, few in zip(size, images.shape[1:3], strict=True)
    )
    for image, top, left in zip(images, tops, lefts, strict=True):
        paper[top : top + size[0], left : left + size[1]] = image[down[:, None], across]
    return paper, tops


def _axes_of_pixels(paper: np.ndarray) -> Any:
    """Axes without lines that fill a figure of the paper's size; one unit is one pixel."""
    high, wide = paper.shape[:2]
    figure = Figure(figsize=(wide / STYLE["savefig.dpi"], high / STYLE["savefig.dpi"]))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(paper, extent=(0, wide, high, 0), aspect="auto")
    return axes
