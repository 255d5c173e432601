"""A population trained at once against the same members trained alone, and against plain optax."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from labkit import models, train, tune
from labkit.errors import ArgumentError, ShapeError

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(96, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int32)
RATES, DECAYS = [1e-3, 1e-2, 3e-2], [0.0, 1e-2, 1.0]
HYPER = {"learning_rate": RATES, "weight_decay": DECAYS}


def build(seed: int, dropout: float = 0.0) -> nnx.Module:
    return models.MLP(models.MLPConfig((6,), (16,), 2, dropout=dropout), rngs=nnx.Rngs(seed))


def small_cnn(seed: int) -> nnx.Module:
    stages = (models.Stage(4),)
    return models.CNN(models.CNNConfig((8, 8, 1), stages, 8, 2), rngs=nnx.Rngs(seed))


def population(**options) -> tune.Population:
    given = {"epochs": 3, "batch_size": 16, "validation": (X[:40], Y[:40])}
    given |= {"hyperparameters": HYPER} | options
    return tune.train_population(given.pop("build", build), X, Y, **given)


def alone(member: int, seed: int = 0, **options):
    model = options.pop("build", build)(seed)
    optimizer = optax.adamw(RATES[member], weight_decay=DECAYS[member])
    given = {"epochs": 3, "batch_size": 16, "validation": (X[:40], Y[:40]), "optimizer": optimizer}
    return model, train.fit(model, X, Y, progress=False, seed=seed, **(given | options)).history


def assert_close(ours: nnx.Module, theirs: nnx.Module) -> None:
    pairs = zip(*(jax.tree.leaves(nnx.state(m, nnx.Param)) for m in (ours, theirs)), strict=True)
    for a, b in pairs:
        # float32 over 18 steps, products summed in another order
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_each_member_is_what_fit_gives_it_alone(dropout):
    made = population(build=lambda seed: build(seed, dropout))
    for member in range(3):
        model, history = alone(member, build=lambda seed: build(seed, dropout))
        assert_close(made.model(member), model)
        for name in ("loss", "accuracy", "validation_loss", "validation_accuracy"):
            ours = made.curves[name][member]
            np.testing.assert_allclose(ours, history.curve(name), rtol=1e-4, atol=1e-5)


def test_members_with_seeds_of_their_own():
    made = population(seeds=[4, 5, 4])
    for member, seed in enumerate((4, 5, 4)):
        assert_close(made.model(member), alone(member, seed)[0])


def test_a_convolution_under_vmap():
    images = GENERATOR.normal(size=(32, 8, 8, 1)).astype(np.float32)
    labels = (images.mean((1, 2, 3)) > 0).astype(np.int32)
    made = tune.train_population(
        small_cnn, images, labels, epochs=2, batch_size=8, hyperparameters=HYPER
    )
    model = small_cnn(0)
    adam = optax.adamw(RATES[1], weight_decay=DECAYS[1])
    train.fit(model, images, labels, epochs=2, batch_size=8, optimizer=adam, progress=False)
    assert_close(made.model(1), model)


def test_plain_gradient_descent_worked_in_numpy():
    """One step of a linear model: w -= rate * gradient, in closed form."""

    class Linear(nnx.Module):
        def __init__(self):
            self.w = nnx.Param(jnp.zeros(6))

        def __call__(self, x):
            return x @ self.w[...]

    y = X @ np.arange(6.0).astype(np.float32)
    made = tune.train_population(
        lambda seed: Linear(),
        X,
        y,
        epochs=1,
        batch_size=96,
        hyperparameters={"learning_rate": RATES},
        optimizer=optax.sgd,
        loss=train.mean_squared_error,
        metrics=(),
    )
    gradient = -2 * X.T.astype(float) @ y / 96
    for member, rate in enumerate(RATES):
        np.testing.assert_allclose(made.model(member).w[...], -rate * gradient, rtol=1e-5)


def test_a_member_that_diverges_harms_no_other():
    wild = population(hyperparameters={"learning_rate": [1e-2, 1e38]}, optimizer=optax.sgd)
    calm = population(hyperparameters={"learning_rate": [1e-2, 1e-2]}, optimizer=optax.sgd)
    assert not np.isfinite(wild.curves["validation_loss"][1, -1])
    np.testing.assert_array_equal(wild.curves["loss"][0], calm.curves["loss"][0])
    assert wild.diverged.tolist() == [False, True]
    assert wild.best() == 0
    assert wild.best("validation_accuracy", higher_is_better=True) == 0


def test_a_schedule_of_a_traced_rate():
    def scheduled(peak):
        return optax.adam(optax.cosine_decay_schedule(peak, 18))

    made = population(hyperparameters={"peak": RATES}, optimizer=scheduled)
    model = build(0)
    train.fit(model, X, Y, epochs=3, batch_size=16, optimizer=scheduled(RATES[2]), progress=False)
    assert_close(made.model(2), model)


def test_a_member_with_fewer_examples_never_sees_the_others():
    """Examples beyond its share are not numbers: they would spoil it at once."""
    poisoned = X.copy()
    poisoned[10:] = np.nan
    made = tune.train_population(
        build,
        poisoned,
        Y,
        epochs=2,
        batch_size=16,
        hyperparameters={"learning_rate": [1e-2, 1e-2]},
        num_examples=[10, 96],
    )
    assert np.isfinite(made.curves["loss"][0]).all()
    assert not np.isfinite(made.curves["loss"][1]).any()


def test_sizes_that_are_all_examples_change_nothing():
    a, b = population(), population(num_examples=[96, 96, 96])
    np.testing.assert_allclose(a.curves["loss"], b.curves["loss"], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hyperparameters": {}}, "lists of one length"),
        ({"hyperparameters": {"learning_rate": [1.0], "weight_decay": [1.0, 2.0]}}, "one length"),
        ({"seeds": [1, 2]}, "one length"),
        ({"num_examples": [1, 2, 97]}, "from 1 to 96 each"),
        ({"epochs": 0}, "epochs must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(options, words):
    with pytest.raises(ArgumentError, match=words):
        population(**options)


def test_curves_and_shapes_are_named():
    with pytest.raises(ArgumentError, match="curve must be one of loss, accuracy"):
        population(validation=None).best()
    with pytest.raises(ShapeError, match="as long as inputs"):
        tune.train_population(build, X, Y[:3], epochs=1, hyperparameters=HYPER)
