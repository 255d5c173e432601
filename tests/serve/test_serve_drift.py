"""Drift: against SciPy, against numbers worked by hand, and on data that did or did not move."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from asgi import INFER, ask, infer_json, scale_app
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from labkit import serve
from labkit.errors import ArgumentError


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 200), st.integers(2, 200), st.booleans())
def test_kolmogorov_smirnov_is_scipys(seed, n, m, ties):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), rng.normal(0.3, 1.2, size=m)
    if ties:
        x, y = x.round(), y.round()
    ours, theirs = serve.ks_test(x, y), stats.ks_2samp(x, y, method="asymp")
    assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-12)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-12)


def test_the_index_of_four_bins_worked_by_hand():
    """(0.3-0.2) ln 1.5 + (0.3-0.3) ln 1 + (0.2-0.3) ln(2/3) + (0.2-0.2) ln 1 = 0.2 ln 1.5."""
    assert serve.psi([20, 30, 30, 20], [30, 30, 20, 20]) == pytest.approx(0.0810930216, abs=1e-9)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any), st.integers(0, 1000))
def test_the_index_is_the_sum_of_both_divergences(expected, seed):
    actual = np.random.default_rng(seed).permutation(expected)
    floor = [np.maximum(np.array(side) / np.sum(side), 1e-4) for side in (expected, actual)]
    both = sum(float(np.sum(special.rel_entr(p, q))) for p, q in (floor, floor[::-1]))
    assert serve.psi(expected, actual) == pytest.approx(both, abs=1e-12)
    assert serve.psi(expected, actual) >= 0
    assert serve.psi(expected, actual) == pytest.approx(serve.psi(actual, expected), abs=1e-12)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ArgumentError, match="histogram"):
        serve.psi([1, 2], [1, 2, 3])
    with pytest.raises(ArgumentError, match="not empty"):
        serve.ks_test([], [1.0])
    rows = np.zeros((100, 2))
    with pytest.raises(ArgumentError, match="window"):
        serve.DriftMonitor(rows, rows, window=10)
    with pytest.raises(ArgumentError, match="inputs"):
        serve.DriftMonitor(rows, rows[:50], window=60)


def model(rows):
    return rows @ np.array([[1.0, -1.0], [0.5, 0.3], [0.0, 2.0]])


def test_the_same_world_raises_no_alert():
    """200 windows of 200 rows drawn from the reference's own law: both limits must be passed."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 3))
    monitor = serve.DriftMonitor(x, model(x), window=200)
    reports = [monitor.observe(y := rng.normal(size=(200, 3)), model(y)) for _ in range(200)]
    assert not any(report.alert for report in reports)


@pytest.mark.parametrize(
    ("moved", "feature"),
    [
        (lambda x: x + 1.5, "input mean"),
        (lambda x: 3 * x, "input spread"),
        (lambda x: np.abs(x) * [1, 1, -1], "prediction"),
    ],
)
def test_a_world_that_moved_raises_an_alert_that_names_what_moved(moved, feature):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 3))
    monitor = serve.DriftMonitor(x, model(x), window=300)
    y = moved(rng.normal(size=(300, 3)))
    assert monitor.observe(y[:100], model(y[:100])) is None
    report = monitor.observe(y[100:], model(y[100:]))
    assert report is not None
    assert report.alert
    assert report.rows == 300
    assert feature in [each.name for each in report.features if each.drifted]


def test_a_server_tells_of_drift():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2, 3))
    app = scale_app(drift=serve.DriftMonitor(x, 2 * x, window=50))

    async def scene():
        before = await ask(app, "GET", "/v2/models/scale/drift")
        for row in rng.normal(4, 1, size=(50, 1, 2, 3)):
            await ask(app, "POST", INFER, infer_json(row))
        after = await ask(app, "GET", "/v2/models/scale/drift")
        return before, after, await ask(app, "GET", "/metrics")

    before, after, page = asyncio.run(scene())
    app.close()
    assert json.loads(before[2]) == {"alert": False}
    told = json.loads(after[2])
    assert told["alert"] is True
    assert told["rows"] == 50
    assert b'labkit_drift{feature="input mean"}' in page[2]
