"""The roofline: what a machine can reach at each arithmetic intensity, and where kernels stand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from labkit.errors import ArgumentError
from labkit.viz.style import LINE_STYLES, MARKERS, PALETTE, new_figure, styled

__all__ = ["roofline"]


@styled
def roofline(
    roofs: Mapping[str, tuple[float, float]],
    points: Mapping[str, tuple[float, float]] | None = None,
    *,
    title: str = "",
    window: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> Figure:
    """Attainable rate against arithmetic intensity, both logarithmic.

    Args:
        roofs: for each machine or precision, ``(peak in FLOP/s, bandwidth in B/s)``.
        points: for each kernel, ``(intensity in FLOP/B, rate in FLOP/s)``.
        title: one line above the plot.
        window: ends of the two axes, ``((FLOP/B, FLOP/B), (FLOP/s, FLOP/s))``, for plots that
            are to be compared; by default what the data need.

    Raises:
        ArgumentError: a peak, a bandwidth or a point is not positive.

    Source:
        Williams, Waterman and Patterson, "Roofline" (Communications of the ACM 52, 2009).

    Example:
        >>> figure = roofline({"laptop": (100e9, 20e9)}, {"add": (1 / 12, 1.5e9)})
        >>> figure.axes[0].get_xscale()
        'log'
    """
    points = points or {}
    for name, pair in {**roofs, **points}.items():
        if min(pair) <= 0:
            raise ArgumentError(name, required="two positive numbers", got=pair)
    ridges = [peak / bandwidth for peak, bandwidth in roofs.values()]
    spots = ridges + [intensity for intensity, _ in points.values()]
    ends = window[0] if window else (min(spots) / 8, max(spots) * 8)
    intensity = np.geomspace(*ends, 400)
    figure, axes = new_figure(fixed_margins=True)
    top = window[1][1] if window else max(peak for peak, _ in roofs.values())
    unit, flops = ("TFLOP/s", 1e12) if top >= 1e13 else ("GFLOP/s", 1e9)  # short numbers at ticks
    for i, (name, (peak, bandwidth)) in enumerate(roofs.items()):
        rate = np.minimum(peak, bandwidth * intensity)
        axes.plot(
            intensity, rate / flops, color=PALETTE[i], linestyle=LINE_STYLES[i % 4], label=name
        )
    for i, (name, (x, y)) in enumerate(points.items(), start=len(roofs)):
        color, marker = PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]
        axes.plot(x, y / flops, color=color, marker=marker, linestyle="none", ms=8, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.minorticks_off()  # each of them costs as much to draw as a labelled one
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")  # plain numbers: no formula to set
    if window:
        axes.set_xlim(*window[0])
        axes.set_ylim(*(rate / flops for rate in window[1]))
    axes.set_xlabel("arithmetic intensity / (FLOP/B)")
    axes.set_ylabel(f"rate / ({unit})")
    axes.set_title(title)
    axes.legend(loc="lower right")
    return figure
