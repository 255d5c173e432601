"""Cross-validation against scikit-learn, its intervals against hand-worked and published values."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_breast_cancer, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from labkit import tune
from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate import mean_interval

CANCER = load_breast_cancer()
X, Y = CANCER.data[:200], CANCER.target[:200]
FOLDERS = {
    "plain": lambda labels, folds, **more: tune.plain_folds(len(labels), folds, **more),
    "stratified": tune.stratified_folds,
    "grouped": tune.grouped_folds,
}


def model(neighbours: int = 5):
    return make_pipeline(StandardScaler(), KNeighborsClassifier(neighbours))


def score(candidate, train, test):
    return model(candidate["neighbours"]).fit(X[train], Y[train]).score(X[test], Y[test])


@given(
    labels=st.lists(st.integers(0, 3), min_size=24, max_size=60).map(
        lambda x: [0, 1, 2, 3] * 4 + x
    ),
    folds=st.integers(2, 4),
    repeats=st.integers(1, 3),
    kind=st.sampled_from(sorted(FOLDERS)),
)
def test_every_row_is_tested_on_once_a_round_and_never_trained_on_then(
    labels, folds, repeats, kind
):
    made = FOLDERS[kind](np.array(labels), folds, repeats=repeats, seed=1)
    assert len(made) == folds * repeats
    rows = list(range(len(labels)))
    for number in range(repeats):
        of_round = made[number * folds : (number + 1) * folds]
        assert sorted(np.concatenate([fold.test for fold in of_round]).tolist()) == rows
    for fold in made:
        assert sorted([*fold.train.tolist(), *fold.test.tolist()]) == rows
        if kind == "grouped":
            names = np.array(labels)
            assert not set(names[fold.train]) & set(names[fold.test])
        if kind == "stratified":
            counts = np.bincount(np.array(labels)[fold.test], minlength=4)
            assert (abs(counts - np.bincount(labels, minlength=4) / folds) < 1).all()


def test_scores_are_those_of_scikit_learn():
    ours = tune.cross_validate(
        lambda train, test: score({"neighbours": 5}, train, test),
        tune.stratified_folds(Y, 5, seed=3),
    )
    theirs = cross_val_score(model(), X, Y, cv=StratifiedKFold(5, shuffle=True, random_state=3))
    np.testing.assert_array_equal(ours.scores, theirs)
    assert ours.mean == pytest.approx(theirs.mean())
    assert ours.test_share == pytest.approx(0.2)


def test_side_by_side_gives_the_same():
    folds = tune.plain_folds(len(Y), 4, repeats=2)

    def one(train, test):
        return score({"neighbours": 3}, train, test)

    with ThreadPoolExecutor(2) as pool:
        beside = tune.cross_validate(one, folds, executor=pool)
    np.testing.assert_array_equal(beside.scores, tune.cross_validate(one, folds).scores)


def test_nested_scores_are_those_of_scikit_learn():
    candidates = [{"neighbours": n} for n in (1, 5, 15)]
    ours = tune.nested_cross_validate(
        score,
        candidates,
        outer=tune.plain_folds(len(Y), 4, seed=1),
        inner=lambda rows: tune.stratified_folds(Y[rows], 3, seed=2),
    )
    chooser = GridSearchCV(
        model(),
        {"kneighborsclassifier__n_neighbors": [1, 5, 15]},
        cv=StratifiedKFold(3, shuffle=True, random_state=2),
    )
    theirs = cross_val_score(chooser, X, Y, cv=KFold(4, shuffle=True, random_state=1))
    np.testing.assert_allclose(ours.scores, theirs, rtol=1e-12)
    assert set(ours.chosen[0]) == {"neighbours"}


def test_choosing_among_noise_looks_good_inside_and_is_a_coin_toss_outside():
    """Labels are random (synthetic): the inner score of the best of many is pure optimism."""
    generator = np.random.default_rng(0)
    features, labels = generator.normal(size=(80, 40)), generator.integers(0, 2, 80)

    def sign(candidate, train, test):
        column = candidate["column"]
        direction = np.sign(features[train, column] @ (2 * labels[train] - 1))
        return ((direction * features[test, column] > 0) == labels[test]).mean()

    result = tune.nested_cross_validate(
        sign,
        [{"column": c} for c in range(40)],
        outer=tune.plain_folds(80, 5),
        inner=lambda rows: tune.plain_folds(len(rows), 4),
    )
    assert result.inner_scores.mean() > 0.6
    assert result.optimism > 0.08
    assert abs(result.mean - 0.5) < 0.12


def test_the_interval_is_the_hand_worked_one():
    # mean 0.85, s^2 = 0.005, variance of the mean (1/2 + 1) 0.005 = 0.0075, t = 12.7062 at 1 d.o.f.
    mean, low, high = mean_interval([0.8, 0.9], test_share=0.5)
    half = 12.706204736 * math.sqrt(0.0075)
    assert (mean, low, high) == pytest.approx((0.85, 0.85 - half, 0.85 + half), rel=1e-9)


def test_the_interval_gives_scikit_learns_published_example():
    """scikit-learn's guide "Statistical comparison of models using grid search": t = 0.750."""
    moons, labels = make_moons(noise=0.352, random_state=1, n_samples=100)
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    scores = [
        cross_val_score(
            SVC(kernel=kernel, random_state=0), moons, labels, cv=folds, scoring="roc_auc"
        )
        for kernel in ("rbf", "linear")
    ]
    mean, low, _ = mean_interval(scores[0] - scores[1], test_share=0.1)
    t = mean / (mean - low) * stats.t.ppf(0.975, 99)
    assert t == pytest.approx(0.750, abs=5e-4)


def test_the_interval_covers_what_it_promises_where_the_plain_one_does_not():
    """The true accuracy of a fixed procedure is known from fresh data (synthetic)."""
    generator = np.random.default_rng(2)

    def draw(n):
        features = generator.normal(size=(n, 10))
        return features, (features[:, 0] + generator.normal(size=n) > 0).astype(int)

    hits, plain_hits, trials = 0, 0, 60
    fresh, truth = draw(4000)
    for _ in range(trials):
        features, labels = draw(60)
        result = tune.cross_validate(
            lambda train, test, f=features, y=labels: (
                LogisticRegression().fit(f[train], y[train]).score(f[test], y[test])
            ),
            tune.plain_folds(60, 5, repeats=2),
        )
        target = LogisticRegression().fit(features[:48], labels[:48]).score(fresh, truth)
        _, low, high = result.interval()
        spread = stats.t.ppf(0.975, 9) * result.scores.std(ddof=1) / math.sqrt(10)
        hits += low <= target <= high
        plain_hits += abs(result.mean - target) <= spread
    assert hits / trials >= 0.88
    assert plain_hits < hits


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tune.plain_folds(3, 5), "at most 3, the number of rows, but it is 5"),
        (lambda: tune.plain_folds(9, 1), "folds must be at least 2"),
        (
            lambda: tune.stratified_folds([0, 0, 1], 2),
            "at most 1, the number of rows of the rarest",
        ),
        (lambda: tune.grouped_folds(list("aab"), 3), "at most 2, the number of groups"),
        (lambda: tune.plain_folds(9, repeats=0), "repeats must be at least 1"),
        (lambda: mean_interval([1, 2], test_share=1), "test_share must be 0 .*, or between"),
        (lambda: tune.cross_validate(score, ()), "at least two folds"),
        (
            lambda: tune.nested_cross_validate(
                score, [], outer=tune.plain_folds(4, 2), inner=tune.stratified_folds
            ),
            "at least one candidate",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()


def test_one_score_has_no_interval():
    with pytest.raises(ShapeError, match="at least two numbers"):
        mean_interval([0.5], test_share=0.2)
