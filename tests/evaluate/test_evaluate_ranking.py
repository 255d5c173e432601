"""Lists of recommendations against scikit-learn, loops, and values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, recall_score

from labkit import evaluate
from labkit.errors import ArgumentError, ShapeError


def a_case(seed: int, users: int = 12, items: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    relevant = rng.random((users, items)) < 0.2
    relevant[:, 0] = True
    return rng.random((users, items)), relevant


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 30))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_ndcg_is_that_of_scikit_learn(seed: int, k: int) -> None:
    scores, relevant = a_case(seed)
    ours = evaluate.ndcg(evaluate.top_items(scores, k), relevant)
    theirs = [
        ndcg_score(r[None].astype(float), s[None], k=k)
        for s, r in zip(scores, relevant, strict=True)
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("k", [1, 5, 30])
def test_recall_is_that_of_scikit_learn(k: int) -> None:
    scores, relevant = a_case(1)
    top = evaluate.top_items(scores, k)
    listed = np.zeros_like(relevant)
    np.put_along_axis(listed, top, True, axis=1)
    theirs = [recall_score(r, x) for r, x in zip(relevant, listed, strict=True)]
    np.testing.assert_allclose(evaluate.recall(top, relevant), theirs, rtol=1e-12)


def test_what_a_user_has_is_not_recommended_and_equals_keep_their_order() -> None:
    scores = np.zeros((2, 5))
    known = np.array([[1, 0, 0, 0, 0], [0, 0, 1, 0, 0]], bool)
    assert evaluate.top_items(scores, 3, known=known).tolist() == [[1, 2, 3], [0, 1, 3]]


def test_coverage_novelty_and_lift_worked_by_hand() -> None:
    history = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]], bool)
    top = np.array([[2], [1], [1], [1]])
    assert evaluate.catalogue_coverage(top, 4) == 0.5
    # Two items that one user in four has: two bits each.
    assert evaluate.novelty(top, history.sum(0), 4).tolist() == [2.0] * 4
    # Shares 1, 1/4, 1/4, 0. The first user's own mean is 5/8, the second's 1.
    lift = evaluate.popularity_lift(top, history)
    np.testing.assert_allclose(lift, [0.25 / 0.625 - 1, -0.75, 0.25 / 0.625 - 1, -0.75])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: evaluate.top_items([1.0], 1), ShapeError, "a table of users and items"),
        (lambda: evaluate.top_items([[1.0]], 2), ArgumentError, "k must be 1 to 1"),
        (lambda: evaluate.top_items([[1.0]], 1, known=[True]), ShapeError, "known must be"),
        (lambda: evaluate.ndcg([[0]], [[False]]), ArgumentError, "Leave such users out"),
        (lambda: evaluate.recall([[0]], [[True]] * 2), ShapeError, "a row for each user"),
        (lambda: evaluate.catalogue_coverage([[4]], 4), ArgumentError, "items 0 to 3"),
        (lambda: evaluate.popularity_lift([[0]], [[False]]), ArgumentError, "an item for each"),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
