"""Screening, calibration and decision curves against scikit-learn, pairs counted, worked values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss, roc_auc_score, roc_curve

from labkit import evaluate
from labkit.errors import ArgumentError, ShapeError


@pytest.fixture(scope="module")
def screened() -> tuple[np.ndarray, np.ndarray]:
    """300 people, a third ill, and probabilities that are too sure by a factor of 2.5."""
    generator = np.random.default_rng(0)
    logits = generator.normal(-1, 1.5, 300)
    return (generator.random(300) < expit(logits)).astype(int), expit(2.5 * logits)


tables = st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=2, max_size=20).filter(
    lambda rows: len({target for target, _ in rows}) == 2
)


@settings(max_examples=50, deadline=None)
@given(tables)
def test_the_area_is_the_share_of_pairs_in_order(rows):
    targets, scores = np.array(rows).T
    pairs = [
        np.sign(b - a) for a, b in itertools.product(scores[targets == 0], scores[targets == 1])
    ]
    found = evaluate.roc_auc(targets, scores, resamples=100)
    assert found.value == pytest.approx((np.mean(pairs) + 1) / 2)
    assert found.value == pytest.approx(roc_auc_score(targets, scores))
    assert -1e-12 <= found.low <= found.high <= 1 + 1e-12


@settings(max_examples=50, deadline=None)
@given(tables, st.sampled_from([0.0, 0.5, 0.8, 1.0]))
def test_sensitivity_at_specificity_is_read_off_scikit_learns_curve(rows, specificity):
    targets, scores = np.array(rows).T
    found = evaluate.sensitivity_at_specificity(targets, scores, specificity=specificity)
    alarms, hits, _ = roc_curve(targets, scores, drop_intermediate=False)
    assert found.sensitivity == pytest.approx(hits[1 - alarms >= specificity - 1e-9].max())
    assert found.specificity >= specificity - 1e-9
    assert found == evaluate.operating_point(targets, scores, found.threshold)


@settings(max_examples=50, deadline=None)
@given(tables, st.sampled_from([(1.0, 1.0), (10.0, 1.0), (1.0, 7.0)]))
def test_no_threshold_costs_less(rows, costs):
    targets, scores = np.array(rows).T
    miss, alarm = costs

    def cost(threshold):
        positive = scores >= threshold
        return miss * (targets * ~positive).sum() + alarm * ((1 - targets) * positive).sum()

    found = evaluate.cost_threshold(targets, scores, miss_cost=miss, alarm_cost=alarm)
    assert cost(found.threshold) == min(cost(t) for t in np.arange(-4, 5, 0.5))


def test_where_illness_is_rarer_fewer_alarms_are_worth_it(screened):
    costs = {"miss_cost": 5.0, "alarm_cost": 1.0}
    here = evaluate.cost_threshold(*screened, **costs)
    rare = evaluate.cost_threshold(*screened, **costs, prevalence=0.01)
    assert rare.threshold > here.threshold
    assert rare.specificity > here.specificity


def test_most_alarms_are_false_where_illness_is_rare():
    # Of 10,000, 100 are ill and 90 found; of 9,900 well ones 990 are alarmed.
    point = evaluate.OperatingPoint(0.5, 0.9, 0.9)
    assert point.precision(0.01) == pytest.approx(90 / (90 + 990))
    assert evaluate.OperatingPoint(1.0, 0.0, 1.0).precision(0.1) == 0.0


def test_reliability_agrees_with_scikit_learn(screened):
    came_true, said = calibration_curve(*screened, n_bins=10)
    found = evaluate.reliability(*screened, bins=10)
    np.testing.assert_allclose(found.said, said)
    np.testing.assert_allclose(found.came_true, came_true)
    assert found.counts.sum() == 300
    by_hand = sum(
        abs(p[rows].mean() - t[rows].mean()) * rows.mean()
        for t, p in [screened]
        for i in range(15)
        if (rows := (p >= i / 15) & (p < (i + 1) / 15)).any()
    )
    assert evaluate.expected_calibration_error(*screened) == pytest.approx(by_hand)


def test_the_temperature_is_found_again_and_mends_the_probabilities(screened):
    targets, said = screened
    logits = np.log(said / (1 - said))
    temperature = evaluate.fit_temperature(logits, targets)
    # The logits were multiplied by 2.5; 300 examples find that to within about a fifth.
    assert temperature == pytest.approx(2.5, rel=0.25)
    both = np.stack([np.zeros(300), logits], 1)
    assert evaluate.fit_temperature(both, targets) == pytest.approx(temperature)
    grid = np.linspace(0.5, 6, 2000)
    best = grid[np.argmin([log_loss(targets, expit(logits / t)) for t in grid])]
    assert temperature == pytest.approx(best, abs=2 * (grid[1] - grid[0]))
    mended = expit(logits / temperature)
    error = evaluate.expected_calibration_error
    assert error(targets, mended) < error(targets, said)


def test_a_decision_curve_by_counting(screened):
    curve = evaluate.decision_curve(*screened, [0.1, 0.5])
    for place, p in enumerate((0.1, 0.5)):
        hits = sum(t and s >= p for t, s in zip(*screened, strict=True))
        alarms = sum(not t and s >= p for t, s in zip(*screened, strict=True))
        assert curve.model[place] == pytest.approx(hits / 300 - alarms / 300 * p / (1 - p))
    everyone = evaluate.decision_curve(screened[0], np.full(300, 0.9), [0.1, 0.5])
    np.testing.assert_allclose(everyone.model, curve.treat_all)
    assert not everyone.useful().any()


def test_a_group_that_the_model_fails_is_seen():
    generator = np.random.default_rng(1)
    targets = np.tile([0, 1], 60)
    groups = np.repeat(["old", "young", "unborn"], [60, 55, 5])
    scores = np.where(groups == "old", targets, 0) + 0.1 * generator.normal(size=120)
    found = evaluate.by_subgroup(roc_auc_score, groups, targets, scores, strata=targets)
    assert [group.name for group in found] == ["old", "unborn", "young"]
    old, unborn, young = found
    assert unborn.score is None
    assert "too few" in str(unborn)
    assert old.score.low > young.score.high
    assert young.score.low < 0.5 < young.score.high
    for wrong, sentence in (({"smallest": 1}, "at least 2"), ({"strata": [0]}, "one name")):
        with pytest.raises(ArgumentError, match=sentence):
            evaluate.by_subgroup(roc_auc_score, groups, targets, scores, **wrong)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: evaluate.roc_auc([0, 1], [0.1]), "one score for each"),
        (lambda: evaluate.roc_auc([0, 0], [0.1, 0.2]), "0 and 1, both present"),
        (lambda: evaluate.roc_auc([0, 2], [0.1, 0.2]), "0 and 1, both present"),
        (lambda: evaluate.roc_auc([0, 1], [0.1, np.nan]), "finite"),
        (lambda: evaluate.sensitivity_at_specificity([0, 1], [0, 1], specificity=95), "0 to 1"),
        (lambda: evaluate.cost_threshold([0, 1], [0, 1], miss_cost=0, alarm_cost=1), "positive"),
        (
            lambda: evaluate.cost_threshold(
                [0, 1], [0, 1], miss_cost=1, alarm_cost=1, prevalence=1.0
            ),
            "between 0 and 1",
        ),
        (lambda: evaluate.OperatingPoint(0, 1, 1).precision(2), "from 0 to 1"),
        (lambda: evaluate.reliability([0, 1], [0.1, 1.2]), "from 0 to 1"),
        (lambda: evaluate.reliability([0, 1], [0.1, 0.2], bins=0), "at least 1"),
        (lambda: evaluate.decision_curve([0, 1], [0.1, 0.2], [1.0]), "between 0 and 1"),
        (lambda: evaluate.fit_temperature([[0.1, 0.2]], [2]), "classes below 2"),
        (lambda: evaluate.fit_temperature([[0.1, 0.2]], [0, 1]), "for n targets"),
    ],
)
def test_what_makes_no_sense_is_refused(call, sentence):
    with pytest.raises((ArgumentError, ShapeError), match=sentence):
        call()
