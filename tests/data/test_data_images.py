"""Images: laws that every augmentation obeys, and references that share no code with ours."""

import colorsys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy import stats

from labkit.data.prepare import images as im
from labkit.errors import ArgumentError, ShapeError

RNG = np.random.default_rng(0)
PHOTOS = RNG.integers(0, 256, (6, 16, 12, 3), dtype=np.uint8)

#: Every augmentation that keeps shape and type; add one by adding a row.
AUGMENTATIONS = {
    "random_crop": partial(im.random_crop, padding=3),
    "random_flip": im.random_flip,
    "cutout": partial(im.cutout, size=5),
    "random_erasing": partial(im.random_erasing, probability=0.9),
    "colour_jitter": partial(
        im.colour_jitter, brightness=0.3, contrast=0.3, saturation=0.3, hue=0.1
    ),
}
MOVES = ("random_crop", "random_flip", "cutout", "random_erasing")


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_augmentation_is_a_pure_function_of_images_and_key(name, dtype):
    augment = AUGMENTATIONS[name]
    photos = PHOTOS if dtype == "uint8" else (PHOTOS / 255).astype(np.float32)
    first, again = (augment(photos, key=jax.random.key(0)) for _ in range(2))
    other = augment(photos, key=jax.random.key(1))
    assert first.shape == photos.shape
    assert first.dtype == photos.dtype
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    with pytest.raises(ShapeError, match="4 axes"):
        augment(photos[0], key=jax.random.key(0))


@pytest.mark.parametrize("name", MOVES)
def test_moves_invent_no_colour(name):
    """Each output pixel is a pixel of the same image, or the zero that was put there."""
    moved = np.asarray(AUGMENTATIONS[name](PHOTOS, key=jax.random.key(2)))
    for before, after in zip(PHOTOS, moved, strict=True):
        known = {tuple(pixel) for pixel in before.reshape(-1, 3)} | {(0, 0, 0)}
        assert {tuple(pixel) for pixel in after.reshape(-1, 3)} <= known


@pytest.mark.parametrize("size", [(7, 5), (16, 12), (40, 29), (1, 1)])
@pytest.mark.parametrize(
    ("filter_", "pillow"),
    [
        (im.BOX, Image.Resampling.BOX),
        (im.BILINEAR, Image.Resampling.BILINEAR),
        (im.BICUBIC, Image.Resampling.BICUBIC),
        (im.LANCZOS3, Image.Resampling.LANCZOS),
    ],
    ids=["box", "bilinear", "bicubic", "lanczos"],
)
def test_resize_equals_pillow(size, filter_, pillow):
    photo = PHOTOS[0]
    exact = Image.fromarray(photo[..., 0].astype(np.float32)).resize(size[::-1], pillow)
    ours = im.resize(photo[None, ..., :1].astype(np.float32), size, filter_)[0, ..., 0]
    # float32 sums of at most 16 * 12 terms up to 255 with weights that sum to 1
    np.testing.assert_allclose(ours, np.asarray(exact), atol=2e-3)
    # Pillow rounds to 8 bits twice; the second pass spreads the first half level by the sum of
    # its absolute weights: 1, but 1.25 for bicubic and 1.4 for Lanczos. Values from 64 to 191,
    # so that the overshoot of those two stays inside 0 to 255: Pillow clips between passes.
    soft = photo // 2 + 64
    rounded = np.asarray(Image.fromarray(soft).resize(size[::-1], pillow), int)
    difference = np.abs(np.asarray(im.resize(soft[None], size, filter_)[0], int) - rounded)
    assert difference.max() <= 1


def test_resize_weights_agree_with_a_second_reference():
    ours = im.resize(PHOTOS.astype(np.float32), (9, 20), im.BICUBIC)
    theirs = jax.image.resize(PHOTOS.astype(np.float32), (6, 9, 20, 3), "cubic", antialias=True)
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_center_crop_by_hand_and_its_error():
    np.testing.assert_array_equal(im.center_crop(PHOTOS, (4, 6)), PHOTOS[:, 6:10, 3:9])
    with pytest.raises(ArgumentError, match=r"between \(1, 1\) and the \(16, 12\)"):
        im.center_crop(PHOTOS, (17, 3))
    with pytest.raises(ArgumentError, match="more padding"):
        im.random_crop(PHOTOS, key=jax.random.key(0), size=(19, 3), padding=1)


def test_random_crop_reaches_every_corner_equally_often():
    coordinates = np.arange(36, dtype=np.float32).reshape(1, 6, 6, 1).repeat(3200, 0)
    crops = im.random_crop(coordinates, key=jax.random.key(0), size=(3, 3))
    _, counts = np.unique(np.asarray(crops)[:, 0, 0, 0], return_counts=True)
    assert len(counts) == 16
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.7])
@pytest.mark.parametrize(
    ("adjust", "enhance"),
    [
        (im.adjust_brightness, ImageEnhance.Brightness),
        (im.adjust_contrast, ImageEnhance.Contrast),
        (im.adjust_saturation, ImageEnhance.Color),
    ],
)
def test_colour_equals_pillow(adjust, enhance, factor):
    ours = np.asarray(adjust(PHOTOS, factor), int)
    for photo, result in zip(PHOTOS, ours, strict=True):
        theirs = np.asarray(enhance(Image.fromarray(photo)).enhance(factor), int)
        # Pillow truncates, and rounds its grey first: half a level times |1 - factor|, plus one
        assert np.abs(theirs - result).max() <= 2


@pytest.mark.parametrize("turn", [0.0, 0.25, -0.4, 1.0])
def test_hue_equals_colorsys(turn):
    ours = np.asarray(im.adjust_hue((PHOTOS[:1] / 255).astype(np.float32), turn))[0]
    for pixel, result in zip(PHOTOS[0].reshape(-1, 3) / 255, ours.reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
        expected = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
        np.testing.assert_allclose(result, expected, atol=2e-5)


def test_grayscale_equals_pillow():
    ours = np.asarray(im.grayscale(PHOTOS[:1]), int)[0, ..., 0]
    assert np.abs(ours - np.asarray(Image.fromarray(PHOTOS[0]).convert("L"), int)).max() <= 1


def test_normalise_with_its_own_statistics_gives_mean_0_and_deviation_1():
    standard = np.asarray(im.normalise(PHOTOS, *im.channel_statistics(PHOTOS)))
    np.testing.assert_allclose(standard.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(standard.std(axis=(0, 1, 2)), 1, atol=1e-5)


def test_cutout_hides_one_square_cut_at_the_border():
    hidden = np.asarray(im.cutout(np.ones((64, 9, 9, 1)), key=jax.random.key(0), size=4))[..., 0]
    for hole in hidden == 0:
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        assert hole[np.ix_(rows, columns)].all()
        assert 2 <= len(rows) <= 4
        assert 2 <= len(columns) <= 4


def test_random_erasing_erases_the_share_it_was_asked_for():
    erase = partial(im.random_erasing, probability=1.0, area=(0.25, 0.25), aspect=(0.5, 2.0))
    share = (np.asarray(erase(np.ones((200, 40, 40, 1)), key=jax.random.key(0))) == 0).mean()
    assert share == pytest.approx(0.25, rel=0.03)  # sides are rounded to whole pixels
    untouched = im.random_erasing(PHOTOS, key=jax.random.key(0), probability=0.0)
    np.testing.assert_array_equal(untouched, PHOTOS)


@pytest.mark.parametrize("mix", [im.mixup, im.cutmix])
def test_mixing_keeps_targets_in_step_with_pixels(mix):
    """Images painted with their own target: after mixing, the mean paint is the new target."""
    targets = np.eye(5, dtype=np.float32)
    painted = np.broadcast_to(targets[:, None, None, :], (5, 8, 8, 5))
    mixed, labels = mix(painted, targets, key=jax.random.key(3), alpha=1.0)
    np.testing.assert_allclose(np.asarray(mixed).mean(axis=(1, 2)), labels, atol=1e-6)
    np.testing.assert_allclose(np.asarray(labels).sum(axis=1), 1, atol=1e-6)
    with pytest.raises(ShapeError, match="one_hot"):
        mix(painted, np.arange(5), key=jax.random.key(0))


def test_the_compiled_chain_equals_its_steps_by_hand():
    key = jax.random.key(7)
    augment = im.pad_crop_flip_cutout([0.5, 0.4, 0.3], [0.2, 0.2, 0.2], padding=2, hole=3)
    crop_key, flip_key, _, hole_key = jax.random.split(key, 4)
    expected = im.random_flip(im.random_crop(PHOTOS, key=crop_key, padding=2), key=flip_key)
    expected = (np.asarray(expected) / 255 - np.array([0.5, 0.4, 0.3])) / 0.2
    expected = im.cutout(jnp.asarray(expected), key=hole_key, size=3)
    np.testing.assert_allclose(augment(PHOTOS, key=key), expected, atol=1e-5)
