"""Rows of images and of spheres: drawn as one, they look as if each were drawn by itself."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from matplotlib.figure import Figure
from PIL import Image

from labkit import viz
from labkit.viz.redraw import opaque_png


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def one_by_one(images, titles, columns, low, high):
    """The slow truth: matplotlib enlarges each image itself."""
    with mpl.rc_context(viz.STYLE):
        words = 0.2 if titles else 0.0
        rows = -(-len(images) // columns)
        size = (1.1 * columns, (1.05 + words) * rows + 0.05)
        figure = Figure(figsize=size)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        for i, image in enumerate((images - low) / (high - low)):
            x, y = 1.1 * (i % columns) + 0.55, 0.05 + (1.05 + words) * (i // columns) + words + 0.5
            box = (x - 0.5, x + 0.5, y + 0.5, y - 0.5)
            axes.imshow(image, cmap="gray", vmin=0, vmax=1, extent=box, aspect="auto")
            if titles:
                axes.text(x, y - 0.54, titles[i], fontsize=9, ha="center", va="bottom")
        axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
    return viz.png_bytes(figure)


@pytest.mark.parametrize("shape", [(5, 9, 9), (3, 7, 7, 3), (4, 28, 28, 1), (2, 100, 100)])
@pytest.mark.parametrize("titles", [(), ("one", "two", "three", "4", "5")])
def test_a_grid_of_images_is_each_image_at_its_place(shape, titles):
    images = np.random.default_rng(0).uniform(0, 255, shape)
    grid = viz.image_grid(images, titles, columns=3, value_range=(0, 255))
    truth = one_by_one(images, titles, min(3, len(images)), 0, 255)
    off = np.abs(pixels(viz.png_bytes(grid)) - pixels(truth))
    assert off.max() <= (len(shape) < 4 or shape[3] == 1)  # matplotlib rounds grey once more


def test_images_that_are_not_square_keep_their_shape():
    black = pixels(viz.png_bytes(viz.image_grid(np.zeros((2, 20, 10)), value_range=(0, 1)))) == 0
    assert black.all(axis=-1).sum() == 2 * 100 * 50


def test_spheres_in_a_row_are_each_the_sphere_alone():
    vectors, names = np.array([[1, 0, 0], [0, -0.6, 0.3], [0, 0, 0]]), ("a", "b", "c")
    row = pixels(viz.png_bytes(viz.bloch_spheres(vectors, names=names)))
    for i, (vector, name) in enumerate(zip(vectors, names, strict=True)):
        alone = pixels(viz.png_bytes(viz.bloch_spheres([vector], names=[name])))
        off = np.abs(row[:, 270 * i : 270 * (i + 1)] - alone)
        assert off.max() <= 10  # of a line of 128 points on, matplotlib leaves out 1/9 of a pixel


@given(st.data())
def test_a_quick_png_holds_the_pixels(data):
    shape = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=9))
    shades = data.draw(arrays(np.uint8, (*shape, 4), elements=st.sampled_from([0, 7, 255])))
    shades = np.repeat(shades, data.draw(st.integers(1, 4)), axis=0)  # rows like those above them
    assert (pixels(opaque_png(shades)) == shades[..., :3]).all()
