"""The one door through which pictures reach the page: a PNG and the words that stand for it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labkit.errors import ArgumentError
from labkit.viz.style import STYLE

__all__ = ["Picture", "png_bytes", "show"]

SHORTEST_ALT = 15


@dataclass(frozen=True)
class Picture:
    """A PNG and its alternative text; Jupyter shows the one and reads out the other."""

    png: bytes = field(repr=False)
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        data = {
            "image/png": base64.b64encode(self.png).decode("ascii"),
            "text/plain": f"Picture: {self.alt}",
        }
        return data, {"image/png": {"alt": self.alt}}


def show(figure: Figure, *, alt: str) -> Picture:
    """Display a figure as a PNG with alternative text.

    Make it the last line of a cell, or pass the result to ``IPython.display.display``.

    Args:
        figure: what to show; any function of ``labkit.viz`` returns one.
        alt: what a reader who cannot see the picture should learn from it: the kind of plot,
            its axes, and what it shows. In a checked cell it holds no measured number.

    Returns:
        A picture that Jupyter displays.

    Raises:
        ArgumentError: ``alt`` is empty or too short to say anything.

    Example:
        >>> from labkit import viz
        >>> figure = viz.lines([1, 2, 3], {"square": [1, 4, 9]}, xlabel="x", ylabel="x²")
        >>> viz.show(figure, alt="Line plot: the square of x rises ever faster with x.").alt
        'Line plot: the square of x rises ever faster with x.'
    """
    if len(alt.strip()) < SHORTEST_ALT:
        raise ArgumentError(
            "alt",
            required="a sentence that stands for the picture",
            got=alt,
            fix="Name the kind of plot, its axes, and what it shows.",
        )
    return Picture(png_bytes(figure), " ".join(alt.split()))


def png_bytes(figure: Figure, *, compress_level: int = 9) -> bytes:
    """The figure as a PNG, the same bytes each time: no date, no version inside.

    Args:
        figure: the figure to draw.
        compress_level: 0 (fast) to 9 (small), zlib's.

    Example:
        >>> from labkit import viz
        >>> figure, _ = viz.new_figure()
        >>> viz.png_bytes(figure)[1:4]
        b'PNG'
    """
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        # Not figure.savefig: it draws twice where a layout is to be found.
        FigureCanvasAgg(figure).print_png(
            buffer, metadata={"Software": None}, pil_kwargs={"compress_level": compress_level}
        )
    return buffer.getvalue()
