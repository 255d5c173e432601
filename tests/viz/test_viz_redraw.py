"""Quick drawing against matplotlib's own: pixel for pixel the same, whatever was drawn before."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from labkit import viz
from labkit.viz.redraw import Redraw


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def wave(height, **kwargs):
    x = np.linspace(0, 1, 50)
    named = {"wave": height * np.sin(9 * x), "flat": 0 * x}
    return viz.lines(x, named, xlabel="time / s", ylabel="height / m", markers=False, **kwargs)


def roof(intensity):
    roofs, points = {"roof": (1e11, 2e10)}, {"kernel": (intensity, 2e10 * intensity)}
    return viz.roofline(roofs, points, window=((0.1, 100.0), (1e9, 1e12)))


def banded(height):
    return wave(height, bands={"wave": (np.full(50, -1), np.full(50, height))}, title=f"{height}")


def points(height):
    group = {"runs": ([1, 2], [1, height])}
    return viz.scatter(group, xlabel="predicted / s", ylabel="measured / s", diagonal=True)


def changed(change):
    def draw(height):
        figure = wave(height)
        change(figure.axes[0], height)
        return figure

    return draw


def plain(height):
    figure = Figure()
    figure.subplots().plot([0, height], [0, 1])
    return figure


def see_through(height):
    figure = wave(height)
    figure.set_facecolor("none")
    return figure


#: Of each series some axes stay the same and some do not. "touched" ones look the same to every
#: public question but one.
SERIES = {
    "wave": wave,
    "roofline": roof,
    "band and title": banded,
    "scatter": points,
    "logarithmic": lambda height: wave(abs(height) + 20, logy=True),
    "y axis given": lambda height: wave(height, ylim=(-9, 9)),
    "bars": lambda height: viz.bars(["a", "b"], {"y": [1, height]}, ylabel="y / m"),
    "images": lambda height: viz.image_grid(np.full((2, 4, 4), float(height))),
    "spheres": lambda height: viz.bloch_spheres([[0, 0, height / 9]]),
    "plain matplotlib": plain,
    "see-through": see_through,
    "limits": changed(lambda axes, height: axes.set_ylim(-9, 9)),
    "inverted": changed(lambda axes, height: axes.set(ylim=(9, -9))),
    "labels": changed(lambda axes, height: axes.set_xlabel(f"time after {height} / s")),
    "label colour": changed(lambda axes, height: axes.xaxis.label.set_color(f"C{height}")),
    "label size": changed(lambda axes, height: axes.xaxis.label.set_fontsize(6 + height)),
    "tick places": changed(lambda axes, height: axes.set_xticks([0, height / 10])),
    "tick texts": changed(lambda axes, height: axes.set_xticks([0, 1], ["a", f"t{height}"])),
    "tick look": changed(lambda axes, height: axes.tick_params(length=height)),
    "tick touched": changed(lambda axes, height: axes.get_xticklabels()[1].set_color(f"C{height}")),
    "grid": changed(lambda axes, height: axes.grid(height > 2)),
    "formatter of a function": changed(
        lambda axes, height: axes.xaxis.set_major_formatter(lambda value, _: f"{value * height:g}")
    ),
    "formatter of a text": changed(
        lambda axes, height: axes.xaxis.set_major_formatter("{x:g}" + "!" * height)
    ),
    "spine": changed(lambda axes, height: axes.spines.bottom.set_position(("data", height / 9))),
    "below the grid": changed(lambda axes, height: axes.axhspan(0, height, zorder=0)),
    "above the lines": changed(lambda axes, height: axes.set_axisbelow(height < 3)),
    "axis hidden": changed(lambda axes, height: axes.xaxis.set_visible(height < 3)),
    "second axis": changed(lambda axes, height: axes.twinx().plot([0, 1], [0, height])),
    "inset": changed(lambda axes, height: axes.inset_axes((0.5, 0.5, 0.3, 0.3))),
    "text of the figure": changed(lambda axes, height: axes.figure.text(0.5, 0.5, str(height))),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_drawn_quickly_has_the_pixels_of_each_picture_drawn_alone(name):
    redraw = Redraw()
    for height in (2, 4, 2):
        quick, alone = redraw.png(SERIES[name](height)), viz.png_bytes(SERIES[name](height))
        assert (pixels(quick) == pixels(alone)).all()


@pytest.mark.parametrize(("draw", "kept"), [(roof, 2), (wave, 3), (plain, 0)])
def test_axes_that_stay_the_same_are_drawn_once(draw, kept):
    redraw = Redraw()
    for value in (2, 4, 2, 4):  # the roofline's axes stay; of the wave the x axis alone
        redraw.png(draw(value))
    assert redraw.papers == kept


def test_not_more_is_kept_than_fits():
    redraw = Redraw()
    for height in range(1, 30):
        redraw.png(wave(height))
    assert redraw.papers == 8
