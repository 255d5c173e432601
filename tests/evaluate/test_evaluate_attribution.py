"""Saliency and integrated gradients against closed forms, finite differences and completeness."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from labkit import models
from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate import integrated_gradients, saliency

X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
WEIGHTS = jnp.array([1.0, -2.0, 0.5, 3.0])


def test_of_a_linear_score_both_have_a_closed_form():
    def score(x):
        return x @ WEIGHTS + 7.0

    np.testing.assert_allclose(saliency(score, X), np.abs(np.tile(WEIGHTS, (3, 1))), rtol=1e-6)
    baseline = np.array([1.0, 0.0, -1.0, 2.0], np.float32)
    found = integrated_gradients(score, X, baseline=baseline, steps=1)
    np.testing.assert_allclose(found, (X - baseline) * WEIGHTS, rtol=1e-5)


def test_of_a_cubic_the_sum_over_the_path_converges_to_the_integral():
    """Along the way from 0 to x, the gradient 3 t² x² has the mean x²: entries give x³."""

    def score(x):
        return (x**3).sum(-1)

    errors = [np.abs(integrated_gradients(score, X, steps=n) - X**3).max() for n in (4, 8, 16)]
    # The midpoint rule: twice the steps, a quarter of the error.
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.1)


@pytest.fixture(scope="module")
def score():
    """One logit of a small network with bends."""
    model = models.CNN(models.CNNConfig.digits(), rngs=nnx.Rngs(0))
    graphdef, state = nnx.split(model)
    return lambda x: nnx.merge(graphdef, state)(x)[:, 3]


def test_of_a_network_the_parts_add_up_to_the_change_of_the_score(score):
    images = np.random.default_rng(1).random((2, 8, 8, 1)).astype(np.float32)
    parts = integrated_gradients(score, images, baseline=0.25, steps=256)
    change = score(images) - score(np.full_like(images, 0.25))
    np.testing.assert_allclose(parts.sum((1, 2, 3)), change, rtol=0.01, atol=0.003)
    untouched = integrated_gradients(score, images, baseline=images)
    np.testing.assert_array_equal(untouched, np.zeros_like(images))


def test_saliency_is_the_slope_of_the_score(score):
    image = np.random.default_rng(2).random((1, 8, 8, 1)).astype(np.float32)
    found = saliency(score, image)
    row, column = np.unravel_index(found[0, ..., 0].argmax(), (8, 8))
    step = np.zeros_like(image)
    step[0, row, column] = 1e-2
    slope = (score(image + step) - score(image - step)) / 2e-2
    assert found.max() == pytest.approx(abs(float(slope[0])), rel=0.05)
    assert found.shape == image.shape


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: saliency(lambda x: x, X), "one for each input"),
        (lambda: saliency(lambda x: x[:, 0], np.array([[1, 2]])), "a batch of numbers"),
        (lambda: integrated_gradients(lambda x: x[:, 0], X, baseline=np.ones(3)), "baseline"),
        (lambda: integrated_gradients(lambda x: x[:, 0], X, steps=0), "at least 1"),
    ],
)
def test_a_score_that_explains_nothing_is_refused(call, sentence):
    with pytest.raises((ArgumentError, ShapeError), match=sentence):
        call()


def test_gradients_reach_through_jit():
    found = saliency(jax.jit(lambda x: jnp.tanh(x).sum(-1)), X)
    np.testing.assert_allclose(found, 1 - np.tanh(X) ** 2, rtol=1e-4)
