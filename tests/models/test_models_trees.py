"""Trees by their written-out regions, against scikit-learn's own answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from labkit.errors import ArgumentError, ShapeError
from labkit.models import Leaf, Trees, TreesConfig, predict
from labkit.train import fit_trees

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4)).astype(np.float32)
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] * X[:, 2] > 0.5)
NUMBERS = X[:, 0] ** 2 - X[:, 3]


def by_regions(leaves: tuple[Leaf, ...], x: np.ndarray) -> np.ndarray:
    """What the printed formula says of each row, one region after another."""
    answers = np.full((len(x), len(leaves[0].value)), np.nan)
    for leaf in leaves:
        inside = np.ones(len(x), bool)
        for feature, sign, threshold in leaf.conditions:
            below = x[:, feature] <= threshold
            inside &= below if sign == "<=" else ~below
        assert np.isnan(answers[inside]).all()  # no example lies in two regions
        answers[inside] = leaf.value
    assert not np.isnan(answers).any()
    return answers


CASES = {
    "tree of classes": (TreesConfig.tree(3), CLASSES, DecisionTreeClassifier(max_depth=3)),
    "tree of numbers": (TreesConfig.tree(0, 4), NUMBERS, DecisionTreeRegressor(max_depth=4)),
    "boosted classes": (
        TreesConfig.boosting(3, stages=8),
        CLASSES,
        GradientBoostingClassifier(n_estimators=8),
    ),
    "boosted numbers": (
        TreesConfig.boosting(0, stages=8),
        NUMBERS,
        GradientBoostingRegressor(n_estimators=8),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_answers_are_scikit_learns(name: str) -> None:
    config, targets, theirs = CASES[name]
    model = Trees(config)
    fit_trees(model, X, targets)
    theirs.set_params(random_state=0).fit(X, targets)
    if config.num_classes:
        np.testing.assert_allclose(np.exp(predict(model, X)), theirs.predict_proba(X), atol=1e-6)
    else:
        np.testing.assert_allclose(predict(model, X)[:, 0], theirs.predict(X), rtol=1e-5)


@pytest.mark.parametrize("name", ["tree of classes", "tree of numbers"])
def test_the_regions_are_the_whole_tree(name: str) -> None:
    config, targets, _ = CASES[name]
    model = Trees(config)
    model.learn(X, targets)
    found = by_regions(model.leaves(), X)
    scores = np.exp(predict(model, X)) if config.num_classes else predict(model, X)
    np.testing.assert_allclose(found, scores, atol=1e-6)
    assert sum(leaf.examples for leaf in model.leaves()) == len(X)


def test_boosted_numbers_are_their_mean_and_a_tenth_of_every_tree() -> None:
    model = Trees(TreesConfig.boosting(0, stages=8))
    model.learn(X, NUMBERS)
    total = NUMBERS.mean() + 0.1 * sum(by_regions(model.leaves(m), X)[:, 0] for m in range(8))
    np.testing.assert_allclose(predict(model, X)[:, 0], total, rtol=1e-4, atol=1e-5)
    assert model.formula().startswith("prediction = start + 0.1 * (tree 1 + ... + tree 8)")


def test_history_is_one_record_for_each_tree() -> None:
    model = Trees(TreesConfig.boosting(3, stages=20))
    result = fit_trees(model, X[:80], CLASSES[:80], validation=(X[80:], CLASSES[80:]))
    loss = result.history.curve("loss")
    assert loss.shape == (20,)
    assert (np.diff(loss) < 0).all()  # each tree fits the training examples better
    p = np.exp(predict(model, X[80:]))
    surprise = -np.log(p[np.arange(40), CLASSES[80:]]).mean()
    assert result.history.curve("validation_loss")[-1] == pytest.approx(surprise, rel=1e-4)
    assert result.best_epoch == result.history.curve("validation_loss").argmin() + 1


def test_a_rule_is_found_and_written_as_it_was_made() -> None:
    heights = np.arange(20.0)[:, None]
    model = Trees(TreesConfig.tree(2, depth=1))
    model.learn(heights, (heights[:, 0] >= 12).astype(int))
    assert model.formula(["height"], ["low", "high"]).splitlines() == [
        "low where height <= 11.5  (12 examples, probability 1)",
        "high where height > 11.5  (8 examples, probability 1)",
    ]
    assert "x[0] <= 11.5" in model.formula()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: predict(Trees(TreesConfig.tree(2)), X), ArgumentError, "Fit it first"),
        (lambda: fit_trees(Trees(TreesConfig.tree(4)), X, CLASSES), ArgumentError, "from 0 to 3"),
        (lambda: fit_trees(Trees(TreesConfig.tree(3)), X, CLASSES[1:]), ShapeError, "one target"),
        (lambda: TreesConfig.tree(2, depth=0), ArgumentError, "depth"),
    ],
)
def test_misuse_is_refused(call, error, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
