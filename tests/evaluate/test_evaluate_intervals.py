"""Intervals against SciPy's bootstrap and t test, and for what they promise: coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate import bootstrap_interval, mean_interval


def test_the_bootstrap_agrees_with_scipys():
    generator = np.random.default_rng(0)
    x = generator.exponential(size=80)
    y = x + generator.normal(size=80)
    ours = bootstrap_interval(lambda a, b: np.corrcoef(a, b)[0, 1], x, y, resamples=4000)
    theirs = stats.bootstrap(
        (x, y),
        lambda a, b: np.corrcoef(a, b)[0, 1],
        paired=True,
        vectorized=False,
        n_resamples=4000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert ours.value == pytest.approx(np.corrcoef(x, y)[0, 1])
    # An end is a 2.5 % quantile of 4,000 draws: its own error is about 0.04 of the interval.
    assert ours.low == pytest.approx(theirs.low, abs=0.04 * (theirs.high - theirs.low) * 2)
    assert ours.high == pytest.approx(theirs.high, abs=0.04 * (theirs.high - theirs.low) * 2)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    """60 samples of a coin that falls right in 80 %: at least 85 % of 200 intervals hold it."""
    generator = np.random.default_rng(2)
    held = 0
    for seed in range(200):
        found = bootstrap_interval(np.mean, generator.random(60) < 0.8, resamples=200, seed=seed)
        held += found.low <= 0.8 <= found.high
    assert 170 <= held <= 200


def test_strata_keep_both_classes_in_every_draw():
    targets = np.r_[np.zeros(40, int), [1]]  # without strata a third of the draws lack the one
    scores = np.r_[np.linspace(0, 0.8, 40), [0.9]]
    found = bootstrap_interval(roc_auc_score, targets, scores, strata=targets, resamples=200)
    assert found == pytest.approx((1.0, 1.0, 1.0))


def test_the_same_seed_gives_the_same_interval_and_pairs_stay_together():
    a = np.random.default_rng(3).normal(size=50)
    gain = bootstrap_interval(lambda x, y: float(np.mean(x - y)), a + 1, a)
    assert gain == pytest.approx((1.0, 1.0, 1.0))
    assert bootstrap_interval(np.mean, a) == bootstrap_interval(np.mean, a)
    assert bootstrap_interval(np.mean, a) != bootstrap_interval(np.mean, a, seed=1)


def test_the_mean_of_seeds_has_students_interval():
    scores = [0.91, 0.94, 0.93, 0.9]
    expected = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    assert mean_interval(scores) == pytest.approx((np.mean(scores), *expected))


@pytest.mark.parametrize(
    ("arguments", "keywords", "sentence"),
    [
        ((), {}, "arrays of one length"),
        (([1.0],), {}, "at least two examples"),
        (([1, 2], [1, 2, 3]), {}, "arrays of one length"),
        (([1, 2],), {"strata": [0]}, "one class for each of 2"),
        (([1, 2],), {"resamples": 5}, "at least 100"),
        (([1, 2],), {"confidence": 95}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(arguments, keywords, sentence):
    with pytest.raises((ArgumentError, ShapeError), match=sentence):
        bootstrap_interval(np.mean, *arguments, **keywords)
    with pytest.raises(ShapeError, match="at least two numbers"):
        mean_interval([0.5])
