"""The two-sided step against the objectives written out; a killed run goes on to the same bits."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.errors import ArgumentError, CheckpointError, TrainingError
from labkit.models import Discriminator, GANConfig, Generator, draw_images
from labkit.train import CheckpointFolder, fit_gan
from labkit.train.loop import epoch_order

SIZES = GANConfig((8, 8, 1), latent=4, width=4)
ADAM = optax.adam(2e-3, b1=0.5)  # one object: the tests share one compiled program


def halves(count: int = 128) -> np.ndarray:
    """Images that are bright on the left or on the right, with a little noise."""
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 0.1, size=(count, 8, 8, 1)).astype(np.float32)
    images[: count // 2, :, :4] += 0.8
    images[count // 2 :, :, 4:] += 0.8
    return rng.permutation(images)


def pair(seed: int = 0) -> tuple[Generator, Discriminator]:
    rngs = nnx.Rngs(seed)
    return Generator(SIZES, rngs=rngs), Discriminator(SIZES, rngs=rngs)


def params(models: tuple[nnx.Module, ...]) -> list[np.ndarray]:
    return [np.asarray(p) for m in models for p in jax.tree.leaves(nnx.state(m, nnx.Param))]


def test_one_step_moves_each_network_down_its_own_objective() -> None:
    images, rate = halves(16), 0.1
    ours, start = pair(), pair()
    sgd = optax.sgd(rate)
    result = fit_gan(*ours, images, epochs=1, batch_size=16, optimizers=(sgd, sgd), progress=False)
    # The draws of the first step of the first epoch, as `fit_gan` documents its seed.
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(0), 1), 0)
    first, second = (jax.random.normal(k, (16, 4)) for k in jax.random.split(key))
    real = images[epoch_order(0, 1, 16, 16)[0]]
    (g_def, g_params, g_rest), (d_def, d_params, d_rest) = (
        (graphdef, *map(nnx.to_pure_dict, states))
        for graphdef, *states in (nnx.split(m, nnx.Param, ...) for m in start)
    )

    def logits(d_params, images):
        return nnx.merge(d_def, d_params, d_rest)(images)

    def drawn(g_params, noise):
        return nnx.merge(g_def, g_params, g_rest)(noise)

    def d_loss(d_params):  # cross-entropy with targets 0.9 and 0, by log-sigmoids
        on_real, on_drawn = logits(d_params, real), logits(d_params, drawn(g_params, first))
        likely = 0.9 * jax.nn.log_sigmoid(on_real) + 0.1 * jax.nn.log_sigmoid(-on_real)
        return -likely.mean() - jax.nn.log_sigmoid(-on_drawn).mean()

    def g_loss(g_params, d_params):
        return -jax.nn.log_sigmoid(logits(d_params, drawn(g_params, second))).mean()

    value, slope = jax.jit(jax.value_and_grad(d_loss))(d_params)
    d_params = jax.tree.map(lambda p, g: p - rate * g, d_params, slope)
    g_value, g_slope = jax.jit(jax.value_and_grad(g_loss))(g_params, d_params)
    g_params = jax.tree.map(lambda p, g: p - rate * g, g_params, g_slope)
    curve = {name: result.history.curve(name)[0] for name in result.history.curves}
    assert curve["discriminator_loss"] == pytest.approx(float(value), rel=1e-4)
    assert curve["loss"] == pytest.approx(float(g_value), rel=1e-4)
    assert curve["gradient_norm"] == pytest.approx(float(optax.tree.norm(g_slope)), rel=1e-3)
    for model, expected in zip(ours, (g_params, d_params), strict=True):
        found = nnx.to_pure_dict(nnx.state(model, nnx.Param))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), found, expected)


def test_killed_after_an_epoch_and_resumed_gives_the_same_bits(tmp_path: Path) -> None:
    straight, part, resumed = pair(), pair(), pair()
    options = {"batch_size": 32, "optimizers": (ADAM, ADAM), "progress": False}
    whole = fit_gan(*straight, halves(), epochs=3, **options)
    fit_gan(*part, halves(), epochs=2, checkpoint_dir=tmp_path, **options)
    assert CheckpointFolder(tmp_path).steps() == [2]
    again = fit_gan(*resumed, halves(), epochs=3, checkpoint_dir=tmp_path, resume=True, **options)
    assert all(map(np.array_equal, params(straight), params(resumed)))
    np.testing.assert_array_equal(whole.history.step_losses, again.history.step_losses)
    with pytest.raises(CheckpointError, match="resume=True"):
        fit_gan(*pair(), halves(), epochs=3, checkpoint_dir=tmp_path, **options)
    with pytest.raises(CheckpointError, match="another run"):
        fit_gan(
            *pair(), halves(), epochs=4, checkpoint_dir=tmp_path, resume=True, seed=1, **options
        )


def test_the_generator_ends_with_the_average_of_where_it_stood() -> None:
    stood = []
    options = {"batch_size": 128, "optimizers": (ADAM, ADAM), "progress": False}  # a step an epoch
    for epochs in (1, 2, 3):
        models = pair()
        fit_gan(*models, halves(), epochs=epochs, **options)
        stood.append(params(models))
    ours, average = pair(), params(pair())
    fit_gan(*ours, halves(), epochs=3, average_decay=0.7, **options)
    for place in stood:
        average = [0.7 * a + 0.3 * p for a, p in zip(average, place, strict=True)]
    ends = len(params(ours[:1]))
    for found, mean in zip(params(ours)[:ends], average[:ends], strict=True):
        np.testing.assert_allclose(found, mean, atol=1e-6)
    assert all(map(np.array_equal, params(ours)[ends:], stood[-1][ends:]))  # the duel is the same


def test_learns_both_kinds_of_image_and_the_diagnostics_tell_a_balanced_game() -> None:
    generator, discriminator = pair()
    images = halves()
    result = fit_gan(
        generator,
        discriminator,
        images,
        epochs=60,
        batch_size=32,
        optimizers=(ADAM, ADAM),
        progress=False,
    )
    drawn = draw_images(generator, 200)
    left, right = drawn[:, :, :4].mean((1, 2, 3)), drawn[:, :, 4:].mean((1, 2, 3))
    share = (left > right).mean()
    assert 0.1 < share < 0.9  # both kinds occur
    assert np.abs(left - right).mean() > 0.5  # and each is clearly one of the two
    assert result.history.curve("diversity")[-1] > 0.5
    assert np.isfinite(result.history.curve("discriminator_gradient_norm")).all()


def test_a_score_that_is_not_finite_stops_and_goes_back() -> None:
    models, start = pair(), pair()
    images = halves()
    images[7, 0, 0] = np.nan
    options = {"batch_size": 32, "optimizers": (ADAM, ADAM), "progress": False}
    with pytest.raises(TrainingError, match="epoch 1: a score is not finite"):
        fit_gan(*models, images, epochs=2, **options)
    assert all(map(np.array_equal, params(models), params(start)))


@pytest.mark.parametrize("options", [{"epochs": 0}, {"epochs": 1, "batch_size": 129}])
def test_impossible_plans_are_refused(options: dict) -> None:
    with pytest.raises(ArgumentError, match="number of images"):
        fit_gan(*pair(), halves(), **options)
