"""Plots and widgets: plain arrays in, a figure out, one look for all of them.

``show(figure, alt=...)`` puts a figure on the page, ``explore`` lets the reader turn
its arguments. This is the only room that imports matplotlib.
"""

from labkit.viz.chat import Chat, chat
from labkit.viz.explore import Explorer, explore
from labkit.viz.images import image_grid
from labkit.viz.learning import confusion_matrix, learning_curves
from labkit.viz.live import history_curves, live_curves
from labkit.viz.pages import with_html
from labkit.viz.panels import Panel, range_panels
from labkit.viz.plots import bars, heatmap, lines, scatter
from labkit.viz.quantum import amplitude_bars, bloch_spheres
from labkit.viz.roofline import roofline
from labkit.viz.show import Picture, png_bytes, show
from labkit.viz.still import EXPLORER_MIME
from labkit.viz.style import LINE_STYLES, MARKERS, PALETTE, STYLE, new_figure, styled
from labkit.viz.tuning import importance_bars, parallel_coordinates, slices

__all__ = [
    "EXPLORER_MIME",
    "LINE_STYLES",
    "MARKERS",
    "PALETTE",
    "STYLE",
    "Chat",
    "Explorer",
    "Panel",
    "Picture",
    "amplitude_bars",
    "bars",
    "bloch_spheres",
    "chat",
    "confusion_matrix",
    "explore",
    "heatmap",
    "history_curves",
    "image_grid",
    "importance_bars",
    "learning_curves",
    "lines",
    "live_curves",
    "new_figure",
    "parallel_coordinates",
    "png_bytes",
    "range_panels",
    "roofline",
    "scatter",
    "show",
    "slices",
    "styled",
    "with_html",
]
