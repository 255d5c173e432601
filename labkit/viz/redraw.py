"""Draw the pictures of one series quickly: what they share is drawn once.

Most of the time of a plain plot goes into its axes: ticks, their numbers, the grid. While a reader
turns a slider these seldom change, so their pixels are kept and laid under the next picture.
"""

from __future__ import annotations

import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labkit.viz.show import png_bytes
from labkit.viz.style import STYLE

__all__ = ["Redraw"]

#: Papers kept; each holds four bytes for each pixel.
PAPERS_KEPT = 8
#: What axes are drawn at; whatever lies lower would be covered by the paper.
PAPER_ZORDER = 0.5


class Redraw:
    """Figures as PNG bytes, pixel for pixel those of :func:`labkit.viz.png_bytes`.

    Example:
        >>> from labkit import viz
        >>> redraw = Redraw()
        >>> first, second = (
        ...     viz.lines([0, 1], {"y": [0, y], "top": [0, 9]}, xlabel="x", ylabel="y")
        ...     for y in (2, 3)
        ... )
        >>> redraw.png(first) == redraw.png(second), redraw.papers
        (False, 2)
    """

    def __init__(self) -> None:
        self._papers: OrderedDict[str, Any] = OrderedDict()

    @property
    def papers(self) -> int:
        """How many drawings of axes are kept: x alone, and both."""
        return len(self._papers)

    def png(self, figure: Figure) -> bytes:
        """The figure as a PNG, compressed lightly."""
        with mpl.rc_context(STYLE):
            pixels = self._pixels(figure, paper_keys(figure))
        if pixels[..., 3].min() < 255:
            return png_bytes(figure, compress_level=1)
        return opaque_png(pixels)

    def _pixels(self, figure: Figure, keys: tuple[str, str] | None) -> np.ndarray:
        canvas = FigureCanvasAgg(figure)
        if keys is None:
            canvas.draw()
            return np.asarray(canvas.buffer_rgba())
        renderer = canvas.get_renderer()
        layers = _layers(figure)
        known = [key in self._papers for key in keys]
        done = 2 if known[1] else int(known[0])
        if done:
            renderer.restore_region(self._papers[keys[done - 1]])
        for i in range(done, len(layers)):
            others = [artist for layer in (*layers[:i], *layers[i + 1 :]) for artist in layer]
            _draw_without(others, figure, renderer)
            if i < len(keys):
                self._papers[keys[i]] = canvas.copy_from_bbox(figure.bbox)
        for key in keys:
            self._papers.move_to_end(key)
        while len(self._papers) > PAPERS_KEPT:
            self._papers.popitem(last=False)
        return np.asarray(canvas.buffer_rgba())


def paper_keys(figure: Figure) -> tuple[str, str] | None:
    """All that the pixels of a figure's x axis, and of both axes, depend on.

    None where they cannot be kept. They can where one plain pair of axes has fixed margins and
    nothing lies below its grid, and where tick locators and formatters hold only numbers and
    text: of a function nobody can tell whether it still says the same.
    """
    if figure.get_layout_engine() is not None or len(figure.axes) != 1:
        return None
    (axes,) = figure.axes
    axises = (axes.xaxis, axes.yaxis)
    plain = type(axes) is Axes and axes.axison and axes.get_aspect() == "auto"
    lowest = min((artist.get_zorder() for artist in _ink(axes)), default=1.0)
    above = all(axis.get_zorder() == PAPER_ZORDER for axis in axises) and lowest > PAPER_ZORDER
    states = [_axis_state(axis) for axis in axises]
    if not plain or not above or axes.child_axes or None in states:
        return None
    spines = [(name, spine.get_position()) for name, spine in axes.spines.items()]
    look = (figure.bbox.bounds, figure.dpi, figure.get_facecolor(), axes.get_facecolor())
    under = repr((look, axes.get_position(), spines, states[0]))
    return under, under + repr(states[1])


def opaque_png(pixels: np.ndarray) -> bytes:
    """RGBA pixels, of shape (h, w, 4), as a PNG without alpha.

    Pillow tries five filters for each row, which takes half its time. Here a row like the one
    above it, as most are, is said to be so (filter 2, differences of 0); the others go as they are.

    Source:
        Portable Network Graphics (PNG) Specification, third edition (W3C, 2025), sections 5, 9.
    """
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = pixels[..., :3].reshape(height, -1)
    again = 1 + np.flatnonzero((rows[1:] == rows[:-1]).all(axis=1))
    rows[again, 0], rows[again, 1:] = 2, 0
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _axis_state(axis: Any) -> tuple[Any, ...] | None:
    """All that an axis is drawn from; None where that cannot be said in numbers and text."""
    if len(axis.majorTicks) > 1 or len(axis.minorTicks) > 1:
        return None  # single ticks (the first is a pattern) were made, and perhaps changed
    parts = [axis.get_major_locator(), axis.get_major_formatter()]
    parts += [axis.get_minor_locator(), axis.get_minor_formatter()]
    held = [
        (type(part).__name__, name, value.tolist() if isinstance(value, np.ndarray) else value)
        for part in parts
        for name, value in sorted(vars(part).items())
        if name != "axis"
    ]
    if not all(_says_all(value) for _, _, value in held):
        return None
    transform = axis.get_transform()
    scale = (axis.get_scale(), getattr(transform, "base", None), type(transform).__name__)
    ticks = [sorted(axis.get_tick_params(which).items()) for which in ("major", "minor")]
    texts = [_text_state(text) for text in (axis.label, axis.get_offset_text())]
    place = (axis.get_visible(), axis.labelpad, axis.get_label_position())
    return (scale, axis.get_view_interval().tolist(), held, ticks, texts, place)


def _text_state(text: Any) -> tuple[Any, ...]:
    font = text.get_fontproperties().get_fontconfig_pattern()
    place = (text.get_rotation(), text.get_ha(), text.get_va())
    return (text.get_text(), text.get_visible(), text.get_color(), text.get_alpha(), font, place)


def _says_all(value: Any) -> bool:
    """Whether a value's text tells it from any other."""
    if isinstance(value, list | tuple):
        return all(map(_says_all, value))
    return value is None or isinstance(value, bool | int | float | str)


def _ink(axes: Axes) -> list[Any]:
    """What is drawn on the axes."""
    paper = {axes.patch, axes.xaxis, axes.yaxis}
    return [artist for artist in axes.get_children() if artist not in paper]


def _layers(figure: Figure) -> tuple[list[Any], list[Any], list[Any]]:
    """What is drawn first, second and third: up to the x axis, the y axis, the rest."""
    (axes,) = figure.axes
    others = [one for one in figure.get_children() if one not in (figure.patch, axes)]
    return [figure.patch, axes.patch, axes.xaxis], [axes.yaxis], [*others, *_ink(axes)]


def _draw_without(hidden: Iterable[Any], figure: Figure, renderer: Any) -> None:
    seen = [artist for artist in hidden if artist.get_visible()]
    for artist in seen:
        artist.set_visible(False)
    figure.draw(renderer)
    for artist in seen:
        artist.set_visible(True)
