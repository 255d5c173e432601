"""The surge rule against a loop, against chains solved by hand and by NumPy, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import ArgumentError
from labkit.evaluate import SurgeRule


def lengths(rule: SurgeRule, share: float, runs: int, seed: int) -> np.ndarray:
    """Observations to the first alert in many runs at once."""
    generator = np.random.default_rng(seed)
    level, taken = np.zeros(runs, int), np.zeros(runs, int)
    open_ = np.ones(runs, bool)
    while open_.any():
        yes = generator.random(runs) < share
        level = np.maximum(level + np.where(yes, rule.gain, -rule.loss), 0)
        taken += open_
        open_ &= level < rule.threshold
    return taken


def by_dense_chain(rule: SurgeRule, share: float) -> float:
    """The mean from the fundamental matrix of the absorbing chain, written out in full."""
    inside = np.zeros((rule.threshold, rule.threshold))
    for state in range(rule.threshold):
        inside[state, max(state - rule.loss, 0)] += 1 - share
        if state + rule.gain < rule.threshold:
            inside[state, state + rule.gain] += share
    return float(np.linalg.inv(np.eye(rule.threshold) - inside)[0].sum())


@settings(deadline=None)
@given(
    st.lists(st.booleans(), max_size=60), st.integers(1, 9), st.integers(1, 9), st.integers(1, 30)
)
def test_it_alerts_where_the_sum_above_its_lowest_reaches_the_threshold(yes, gain, loss, threshold):
    rule = SurgeRule(0.2, 0.6, gain, loss, threshold)
    expected, since = [], 0
    for end in range(1, len(yes) + 1):
        steps = [gain if one else -loss for one in yes[since:end]]
        # The largest sum of a stretch that ends here: the floor at 0 forgets what came before.
        if max(sum(steps[start:]) for start in range(len(steps))) >= threshold:
            expected.append(end - 1)
            since = end
    found = rule.watch(yes)
    assert found.alerts.tolist() == expected
    assert len(found.levels) == len(yes)
    assert all(found.levels[found.alerts] == threshold)


@pytest.mark.parametrize(
    ("heads", "share", "expected"), [(2, 0.5, 6.0), (3, 0.5, 14.0), (2, 0.25, 20.0), (1, 0.1, 10.0)]
)
def test_the_wait_for_a_row_of_heads_is_the_known_one(heads, share, expected):
    # A loss as large as the threshold wipes out the sum: (1 - p^k) / (p^k (1 - p)) tosses.
    rule = SurgeRule(0.01, 0.99, 1, heads, heads)
    assert rule.run_length(share) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 25), st.floats(0.05, 0.95))
def test_the_sparse_chain_gives_what_the_dense_one_gives(gain, loss, threshold, share):
    rule = SurgeRule(0.01, 0.99, gain, loss, threshold)
    dense = by_dense_chain(rule, share)
    if 0 < dense < 1e9:
        assert rule.run_length(share) == pytest.approx(dense, rel=1e-5)
    else:  # the chain is so nearly closed that the two differ by rounding, and may be negative
        assert rule.run_length(share) > 1e8


@pytest.mark.parametrize(("usual", "surge"), [(0.15, 0.5), (0.05, 0.2), (0.3, 0.45)])
def test_the_promise_is_kept_and_no_lower_threshold_keeps_it(usual, surge):
    rule = SurgeRule.promising(usual, surge, false_alarm_every=400)
    assert rule.run_length(usual) >= 400
    lower = SurgeRule(usual, surge, rule.gain, rule.loss, rule.threshold - 1)
    assert lower.run_length(usual) < 400
    assert usual < rule.loss / (rule.gain + rule.loss) < surge
    for share in (usual, surge):
        seen = lengths(rule, share, runs=4000, seed=1)
        error = seen.std() / np.sqrt(len(seen))
        assert abs(seen.mean() - rule.run_length(share)) < 4 * error


def test_the_sum_grows_by_the_ratio_of_likelihoods():
    rule = SurgeRule.promising(0.15, 0.5, false_alarm_every=100)
    up, down = np.log(0.5 / 0.15), np.log(0.5 / 0.85)
    assert rule.gain / rule.loss == pytest.approx(up / -down, rel=0.15)


def test_alerts_come_as_often_as_one_over_the_run_length():
    rule = SurgeRule.promising(0.2, 0.6, false_alarm_every=200)
    yes = np.random.default_rng(0).random(100_000) < 0.2
    expected = 100_000 / rule.run_length(0.2)
    assert abs(len(rule.watch(yes).alerts) - expected) < 4 * np.sqrt(expected)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: SurgeRule.promising(0.5, 0.4, false_alarm_every=10), "usual must be above 0"),
        (lambda: SurgeRule.promising(0.0, 0.4, false_alarm_every=10), "usual must be above 0"),
        (lambda: SurgeRule.promising(0.1, 0.4, false_alarm_every=0), "at least 1 observation"),
        (lambda: SurgeRule.promising(0.5, 0.50001, false_alarm_every=1e9), "within reach"),
        (lambda: SurgeRule(0.1, 0.4, 1, 0, 3), "gain must be at least 1"),
        (lambda: SurgeRule(0.4, 0.1, 1, 1, 3), "usual must be above 0"),
        (lambda: SurgeRule(0.1, 0.4, 1, 1, 3).run_length(0.0), "share must be above 0"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()
