"""Pictures: the same bytes every time, words for those who cannot see them, clear refusals."""

from __future__ import annotations

import base64

import matplotlib as mpl
import numpy as np
import pytest

from labkit import viz
from labkit.errors import ArgumentError, ShapeError

TRIALS = {"rate": [0.1, 0.01, 0.5], "width": [8, 64, 32], "bend": ["relu", None, "tanh"]}
DRAWINGS = {
    "lines": lambda: viz.lines(
        [1, 2], {"a": [1, 2], "b": [3, 5]}, bands={"a": ([0, 1], [2, 3])}, xlabel="x", ylabel="y"
    ),
    "scatter": lambda: viz.scatter({"a": ([1, 2], [2, 1])}, xlabel="x", ylabel="y", diagonal=True),
    "bars": lambda: viz.bars(["a", "b"], {"one": [1, 2], "two": [2, 3]}, ylabel="y / s"),
    "heatmap": lambda: viz.heatmap(
        np.eye(3), row_names="abc", column_names="xyz", xlabel="x", ylabel="y", unit="share"
    ),
    "learning_curves": lambda: viz.learning_curves({"loss / nat": {"train": [3, 2, 1]}}),
    "confusion_matrix": lambda: viz.confusion_matrix([[3, 1], [0, 4]], ["no", "yes"]),
    "roofline": lambda: viz.roofline({"laptop": (1e11, 2e10)}, {"add": (1 / 12, 1.5e9)}),
    "image_grid": lambda: viz.image_grid(np.arange(32.0).reshape(2, 4, 4), titles=["0", "1"]),
    "parallel_coordinates": lambda: viz.parallel_coordinates(
        TRIALS, [0.3, 0.2, np.inf], score_label="loss / nat", log=["rate"]
    ),
    "slices": lambda: viz.slices(TRIALS, [0.3, 0.2, 0.5], score_label="loss / nat", log=["rate"]),
    "importance_bars": lambda: viz.importance_bars({"rate": 0.7, "width": 0.3}),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_has_the_same_bytes_each_time_and_leaves_no_setting_behind(name):
    before = dict(mpl.rcParams)
    first, second = (viz.png_bytes(DRAWINGS[name]()) for _ in range(2))
    assert first == second
    assert b"Software" not in first
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    "name", ["lines", "scatter", "heatmap", "learning_curves", "roofline", "slices"]
)
def test_axes_are_labelled(name):
    axes = DRAWINGS[name]().axes[0]
    assert axes.get_xlabel()
    assert axes.get_ylabel()


@pytest.mark.parametrize("log", [False, True])
def test_fixed_margins_hold_labels_and_ticks(log):
    values = [1e-4, 2.5e4] if log else [0.00001, 0.000025]
    figure = viz.lines(values, {"a": values}, xlabel="width", ylabel="height", logx=log, logy=log)
    viz.png_bytes(figure)
    drawn = figure.axes[0].get_tightbbox()
    assert 0 < drawn.x0 < drawn.x1 < figure.bbox.width
    assert 0 < drawn.y0 < drawn.y1 < figure.bbox.height


@pytest.mark.parametrize("peak", [1e9, 9e12, 1e13, 3e15])
def test_a_roofline_of_any_size_keeps_its_numbers_and_names_on_the_picture(peak):
    figure = viz.roofline({"x": (peak, peak / 100)}, window=((0.1, 1e4), (peak / 1e3, 2 * peak)))
    viz.png_bytes(figure)
    drawn = figure.axes[0].get_tightbbox()
    assert drawn.x0 > 0
    heights = figure.axes[0].lines[0].get_ydata()
    unit = {"G": 1e9, "T": 1e12}[figure.axes[0].get_ylabel()[8]]
    assert max(heights) * unit == pytest.approx(peak)


def test_series_differ_in_more_than_colour():
    one, two = DRAWINGS["lines"]().axes[0].lines
    assert one.get_marker() != two.get_marker()
    assert one.get_linestyle() != two.get_linestyle()


def _linear_rgb(color: str, projection: np.ndarray) -> np.ndarray:
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.clip(projection @ linear, 0, 1)


@pytest.mark.parametrize(
    "projection",
    [
        # Viénot, Brettel and Mollon (1999), protanopia and deuteranopia in linear RGB.
        np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
        np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    ],
    ids=["protanopia", "deuteranopia"],
)
def test_the_palette_stays_distinct_without_red_or_green_cones(projection):
    seen = [_linear_rgb(color, projection) ** (1 / 2.2) for color in viz.PALETTE]
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1  # of a cube with edge 1; matplotlib's default cycle has 0.04


def test_a_search_is_drawn_with_its_best_trial_on_top_and_failed_ones_left_out():
    axes = DRAWINGS["parallel_coordinates"]().axes[0]
    trials = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert len(trials) == 2  # the third did not end
    assert list(trials[-1].get_ydata()) == [0.0, 1.0, 0.0]  # rate 0.01, width 64, "None"
    with pytest.raises(ArgumentError, match="one finite score"):
        viz.slices({"rate": [1.0]}, [np.nan], score_label="loss")
    with pytest.raises(ArgumentError, match="at least two hyperparameters"):
        viz.parallel_coordinates({"rate": [1.0]}, [1.0], score_label="loss")


def test_show_gives_png_and_words():
    picture = viz.show(DRAWINGS["bars"](), alt="Bars: two series over\n two groups, rising.")
    data, metadata = picture._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "Bars: two series over two groups, rising."
    assert metadata["image/png"]["alt"] in data["text/plain"]


@pytest.mark.parametrize("alt", ["", "plot", "   a figure     "])
def test_show_refuses_words_that_say_nothing(alt):
    with pytest.raises(ArgumentError, match="a sentence that stands for the picture"):
        viz.show(DRAWINGS["bars"](), alt=alt)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: viz.lines([1, 2], {"a": [1, 2, 3]}, xlabel="x", ylabel="y"),
        lambda: viz.confusion_matrix(np.zeros((2, 3)), ["a", "b"]),
        lambda: viz.image_grid(np.zeros((2, 4, 4, 2))),
        lambda: viz.heatmap(
            [[1]], row_names="ab", column_names="a", xlabel="", ylabel="", unit="s"
        ),
        lambda: viz.slices({"rate": [1, 2]}, [[1.0, 2.0]], score_label="loss"),
    ],
)
def test_wrong_shapes_are_refused(draw):
    with pytest.raises(ShapeError, match="of shape"):
        draw()


@pytest.mark.parametrize("logy", [False, True])
@pytest.mark.parametrize(
    "heights",
    [
        [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]],  # nowhere inside is free
        [[0.01, 2, 3, 0.02], [0.01, 9, 9, 0.01], [3, 8, 3, 3]],
        [[9, 0.1, 0.1, 0.1], [9, 0.1, 0.1, 0.1], [9, 0.1, 0.1, 0.1]],
    ],
)
def test_a_legend_covers_no_bar(heights, logy):
    series = {f"series {i}": values for i, values in enumerate(heights)}
    figure = viz.bars(list("abcd"), series, ylabel="y / s", title="A title", logy=logy)
    figure.canvas.draw()
    axes = figure.axes[0]
    legend = axes.get_legend().get_window_extent()
    assert not any(legend.overlaps(bar.get_window_extent()) for bar in axes.patches)
    assert not legend.overlaps(axes.title.get_window_extent())
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(series)
