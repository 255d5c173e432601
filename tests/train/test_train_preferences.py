"""Factors by least squares and by steps: each against the same worked out in NumPy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from sklearn.linear_model import Ridge

from labkit.errors import ArgumentError, ShapeError
from labkit.models import MLP, MLPConfig, PairFactors, TwoTower
from labkit.train import all_against_all, draw_others, fit, fit_als, pairwise_loss
from labkit.train.als import ridge_step
from labkit.train.loop import epoch_order

RNG = np.random.default_rng(0)
HISTORY = (RNG.random((18, 11)) < 0.35).astype(np.float32)
#: Six groups of users that each choose among their own five items only.
GROUPS = np.kron(np.eye(6), RNG.random((10, 5)) < 0.7).astype(np.float32)


def objective(history, factors, weight: float, regularisation: float) -> float:
    sure = 1 + weight * history
    lengths = (factors.users**2).sum() + (factors.items**2).sum()
    return float((sure * (history - factors.scores()) ** 2).sum() + regularisation * lengths)


def test_a_ridge_step_is_scikit_learns_weighted_ridge_regression() -> None:
    items = RNG.normal(size=(11, 4)).astype(np.float32)
    found = ridge_step(jnp.asarray(HISTORY), jnp.asarray(items), 3.0, 0.7)
    for row, vector in zip(HISTORY, found, strict=True):
        theirs = Ridge(alpha=0.7, fit_intercept=False).fit(items, row, sample_weight=1 + 3.0 * row)
        np.testing.assert_allclose(vector, theirs.coef_, rtol=1e-3, atol=1e-5)


def test_each_sweep_lowers_the_objective() -> None:
    found = [
        objective(HISTORY, fit_als(HISTORY, factors=3, weight=2.0, sweeps=k), 2.0, 1.0)
        for k in (1, 2, 4, 8)
    ]
    assert found == sorted(found, reverse=True)
    assert found[-1] < found[0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fit_als(HISTORY[0]), ShapeError, "a table of users and items"),
        (lambda: fit_als(HISTORY, factors=0), ArgumentError, "above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def pairs() -> tuple[np.ndarray, np.ndarray]:
    user, item = np.nonzero(GROUPS)
    return user, item


def own_share(scores: np.ndarray) -> float:
    """The share of each user's five best items that are of the user's group."""
    top = np.argsort(-scores, axis=1)[:, :5]
    return float((top // 5 == np.arange(60)[:, None] // 10).mean())


def test_least_squares_find_the_groups() -> None:
    assert own_share(fit_als(GROUPS, factors=6, regularisation=0.1).scores()) > 0.95


def test_steps_on_pairs_find_the_groups() -> None:
    user, item = pairs()
    triples = np.stack([user, item, item], axis=1)
    model = PairFactors(60, 30, 8, rngs=nnx.Rngs(0))
    fit(
        model,
        triples,
        np.zeros(len(triples), np.float32),
        epochs=60,
        batch_size=32,
        optimizer=optax.adam(0.03),
        loss=pairwise_loss,
        metrics=(),
        augment=draw_others(30),
        progress=False,
    )
    assert own_share(model.factors().scores()) > 0.95


def test_two_towers_find_the_groups_from_features_alone() -> None:
    user, item = pairs()
    shown = np.kron(np.eye(6), np.ones((5, 1)))
    features = np.concatenate([shown, 0.1 * RNG.normal(size=(30, 4))], axis=1)
    mean = GROUPS @ features / GROUPS.sum(1, keepdims=True)
    model = TwoTower(mean, features, GROUPS.sum(0), 8, rngs=nnx.Rngs(0))
    fit(
        model,
        np.stack([user, item], axis=1),
        np.zeros(len(user), np.float32),
        epochs=30,
        batch_size=32,
        optimizer=optax.adam(0.01),
        loss=all_against_all,
        metrics=(),
        progress=False,
    )
    assert own_share(model.factors().scores()) > 0.95
    before = TwoTower(mean, features, GROUPS.sum(0), 8, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(model.item_features[...], before.item_features[...])


def test_losses_worked_by_hand() -> None:
    margins = np.array([0.5, -2.0])
    expected = np.log1p(np.exp(-margins)).mean()
    np.testing.assert_allclose(pairwise_loss(jnp.asarray(margins), jnp.zeros(2)), expected)
    scores = np.array([[1.0, 0.0], [2.0, -1.0]])
    expected = -np.mean([np.log(np.e / (np.e + 1)), np.log(np.exp(-1) / (np.exp(2) + np.exp(-1)))])
    np.testing.assert_allclose(
        all_against_all(jnp.asarray(scores), jnp.zeros(2)), expected, rtol=1e-6
    )


def test_others_are_drawn_evenly_and_anew() -> None:
    triples = jnp.tile(jnp.array([[7, 3, 0]]), (6000, 1))
    first, second = (draw_others(6)(jax.random.key(i), triples) for i in (0, 1))
    counts = np.bincount(np.asarray(first[:, 2]), minlength=6)
    assert abs(counts - 1000).max() < 150  # five standard deviations
    assert (first[:, 2] != second[:, 2]).any()


def test_batches_of_like_examples_hold_all_of_them_once() -> None:
    lengths = RNG.integers(1, 50, 103)
    plain, near = (epoch_order(3, 2, 103, 10, alike=a) for a in (None, lengths))
    assert near.shape == plain.shape == (10, 10)
    assert set(near.ravel()) == set(plain.ravel())
    spread = [lengths[batch].max() - lengths[batch].min() for batch in near]
    assert max(spread) < 15
    again = epoch_order(3, 3, 103, 10, alike=lengths)
    assert not np.array_equal(near, again)
    assert (np.diff([lengths[batch].mean() for batch in near]) < 0).any()  # no order of lengths


def test_alike_must_be_one_number_for_each_example() -> None:
    x = RNG.normal(size=(8, 3)).astype(np.float32)
    model = MLP(MLPConfig((3,), (4,), 2), rngs=nnx.Rngs(0))
    with pytest.raises(ShapeError, match="one number for each of 8 examples"):
        fit(model, x, np.zeros(8, int), epochs=1, alike=np.array([1, 2]), progress=False)
    result = fit(model, x, np.zeros(8, int), epochs=1, batch_size=4, alike=x[:, 0], progress=False)
    assert result.ended == "completed"
