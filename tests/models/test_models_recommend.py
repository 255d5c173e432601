"""Models that recommend, each against an independent computation of the same."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from labkit.errors import ArgumentError, ShapeError
from labkit.models import (
    InvertedLists,
    ItemKNN,
    ItemRegression,
    PairFactors,
    TwoTower,
    nearest,
)

HISTORY = (np.random.default_rng(0).random((25, 14)) < 0.3).astype(np.float32)


def test_without_shrinkage_similarity_is_scikit_learns_cosine() -> None:
    model = ItemKNN.of(HISTORY, neighbours=14, shrinkage=0.0)
    expected = cosine_similarity(HISTORY.T)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(model.similarity, expected, atol=1e-6)


def test_the_neighbours_kept_are_the_nearest_and_scores_are_their_sums() -> None:
    model = ItemKNN.of(HISTORY, neighbours=3, shrinkage=2.0)
    for item in range(14):
        both = HISTORY.T @ HISTORY[:, item]
        size = np.sqrt(HISTORY.sum(0) * HISTORY[:, item].sum())
        alike = np.where(np.arange(14) == item, 0.0, both / (size + 2.0))
        kept = np.sort(alike)[-3:]
        np.testing.assert_allclose(np.sort(model.similarity[item])[-3:], kept, rtol=1e-5)
        assert (model.similarity[item] > 0).sum() <= 3
    by_hand = [
        [sum(model.similarity[j, i] for i in range(14) if row[i]) for j in range(14)]
        for row in HISTORY
    ]
    np.testing.assert_allclose(model.scores(HISTORY), by_hand, rtol=1e-5)


def test_a_margin_is_the_difference_of_two_scores() -> None:
    model = PairFactors(4, 6, 3, rngs=nnx.Rngs(0))
    model.bias[...] = jnp.arange(6.0)
    scores = model.factors().scores()
    triples = np.array([[0, 1, 2], [3, 5, 0]])
    margins = [scores[u, i] - scores[u, j] for u, i, j in triples]
    np.testing.assert_allclose(model(jnp.asarray(triples)), margins, rtol=1e-5)


def test_two_towers_score_pairs_as_their_vectors_do_less_the_logarithm_of_the_share() -> None:
    rng = np.random.default_rng(1)
    users, items = rng.normal(size=(5, 3)), rng.normal(size=(7, 4))
    counts = np.array([1.0, 2, 3, 4, 5, 6, 7])
    model = TwoTower(users, items, counts, 6, temperature=0.5, rngs=nnx.Rngs(0))
    table = model.factors().scores()
    np.testing.assert_allclose(np.linalg.norm(model.factors().items, axis=1), 1.0, rtol=1e-5)
    found = np.asarray(model(jnp.array([[0, 3], [4, 6], [2, 3]])))
    for row, user in enumerate((0, 4, 2)):
        for column, item in enumerate((3, 6, 3)):
            if {row, column} == {0, 2}:
                assert found[row, column] < -1e8  # the same item is no other
            else:
                expected = table[user, item] / 0.5 - np.log(counts[item] / 28)
                np.testing.assert_allclose(found[row, column], expected, rtol=1e-4)


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(20, 8))
    found = centres[rng.integers(0, 20, 600)] + 0.3 * rng.normal(size=(600, 8))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_exact_search_finds_what_scikit_learn_finds(points: np.ndarray) -> None:
    # On vectors of length 1 the largest product is the smallest distance.
    theirs = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(points)
    expected = theirs.kneighbors(points[:40], return_distance=False)
    np.testing.assert_array_equal(nearest(points[:40], points, k=5), expected)


def test_inverted_lists_hold_every_item_once_and_none_is_too_long(points: np.ndarray) -> None:
    index = InvertedLists.of(points, 20, most=1.5)
    members = np.asarray(index.members)
    assert members.shape == (20, 45)
    assert np.sort(members[members >= 0]).tolist() == list(range(600))
    stored = np.asarray(index.vectors)[members >= 0]
    np.testing.assert_array_equal(stored, points[members[members >= 0]])


def test_looking_at_all_lists_is_exact_and_at_few_nearly(points: np.ndarray) -> None:
    index = InvertedLists.of(points, 20)
    exact = np.asarray(nearest(points, points, k=5))
    np.testing.assert_array_equal(index.search(points, k=5, probes=20), exact)
    few = np.asarray(index.search(points, k=5, probes=4))
    same = np.mean([len({*a} & {*b}) / 5 for a, b in zip(few, exact, strict=True)])
    assert 0.8 < same < 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ItemKNN.of(HISTORY[0]), ShapeError, "a table of users and items"),
        (lambda: ItemKNN.of(HISTORY, neighbours=0), ArgumentError, "at least 1"),
        (lambda: InvertedLists.of(HISTORY, 26), ArgumentError, "1 to 25 lists"),
        (
            lambda: InvertedLists.of(HISTORY, 5).search(jnp.asarray(HISTORY), k=1, probes=6),
            ArgumentError,
            "1 to 5 probes",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_new_item_has_a_vector_before_anybody_chose_it() -> None:
    model = TwoTower(np.eye(3), np.eye(4), np.ones(4), 5, rngs=nnx.Rngs(0))
    new = model.item_vectors(jax.random.normal(jax.random.key(0), (2, 4)))
    assert new.shape == (2, 5)
    assert bool(jnp.isfinite(new).all())


def test_item_regression_is_scikit_learns_ridge_of_each_item_on_the_others() -> None:
    model = ItemRegression.of(HISTORY, regularisation=2.5)
    others = np.random.default_rng(4).random((5, 14))
    found = model.scores(others)
    for item in range(14):
        rest = np.delete(np.arange(14), item)
        theirs = Ridge(alpha=2.5, fit_intercept=False).fit(HISTORY[:, rest], HISTORY[:, item])
        np.testing.assert_allclose(found[:, item], theirs.predict(others[:, rest]), atol=1e-5)


def test_item_regression_refuses_what_cannot_be() -> None:
    with pytest.raises(ShapeError, match="a table of users and items"):
        ItemRegression.of([1.0, 2.0])
    with pytest.raises(ArgumentError, match="regularisation must be above 0"):
        ItemRegression.of(HISTORY, regularisation=0.0)
