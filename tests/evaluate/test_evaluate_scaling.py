"""Power laws: synthetic laws are recovered, published numbers given again, bounds honoured."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, curve_fit, minimize_scalar

from labkit import evaluate
from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate.power_law import half_life
from labkit.evaluate.scaling import _objective

#: Hoffmann et al. 2022 (arXiv:2203.15556), equation 10 and the unrounded exponents in its source.
CHINCHILLA = evaluate.PowerLaw(
    ("parameters", "tokens"), floor=1.69, scales=(406.4, 410.7), exponents=(0.3392, 0.2849)
)
#: The same runs fitted again: Besiroglu et al. 2024 (arXiv:2404.10102), table 1.
REPLICATION = evaluate.PowerLaw(
    ("parameters", "tokens"), floor=1.8172, scales=(482.01, 2085.43), exponents=(0.3478, 0.3658)
)
N, D = (grid.ravel() for grid in np.meshgrid(np.logspace(2, 5, 7), np.logspace(1.5, 4, 6)))


def runs(law, noise=0.0, seed=0):
    """Synthetic losses of a law on the grid, with lognormal noise."""
    exact = law(parameters=N, tokens=D)
    return exact * np.exp(noise * np.random.default_rng(seed).normal(size=len(N)))


@settings(max_examples=12, deadline=None)
@given(
    floor=st.floats(0.05, 2),
    heights=st.tuples(st.floats(0.5, 4), st.floats(0.5, 4)),
    exponents=st.tuples(st.floats(0.25, 1.2), st.floats(0.25, 1.2)),
)
def test_a_law_without_noise_is_recovered(floor, heights, exponents):
    """``heights`` are the terms' values in the middle of the grid."""
    scales = tuple(
        h * x**e for h, x, e in zip(heights, (10**3.5, 10**2.75), exponents, strict=True)
    )
    law = evaluate.PowerLaw(("parameters", "tokens"), floor, scales, exponents)
    fit = evaluate.fit_power_law(runs(law), {"parameters": N, "tokens": D})
    assert fit.law.floor == pytest.approx(floor, rel=0.02)
    assert fit.law.exponents == pytest.approx(exponents, rel=0.02)
    assert abs(fit.log_residuals).max() < 2e-3
    far = {"parameters": 1e6, "tokens": 1e5}
    assert fit.law(**far) == pytest.approx(law(**far), rel=0.01)


@pytest.mark.parametrize("law", [CHINCHILLA, REPLICATION], ids=["Hoffmann", "Besiroglu"])
def test_published_laws_are_recovered_from_synthetic_runs_of_their_size(law):
    """Sizes of language models, losses made from the published law with 0.5 % of noise."""
    generator = np.random.default_rng(1)
    n, d = 10 ** generator.uniform(7.7, 10.2, 240), 10 ** generator.uniform(9.3, 11.7, 240)
    losses = law(parameters=n, tokens=d) * np.exp(0.005 * generator.normal(size=240))
    fit = evaluate.fit_power_law(losses, {"parameters": n, "tokens": d})
    assert fit.law.floor == pytest.approx(law.floor, abs=0.08)
    assert fit.law.exponents == pytest.approx(law.exponents, abs=0.04)
    big = {"parameters": 7e10, "tokens": 1.4e12}
    assert fit.law(**big) == pytest.approx(law(**big), rel=0.02)


def test_one_quantity_against_scipys_least_squares():
    x = np.logspace(1, 4, 12)
    y = (0.3 + 4 * x**-0.6) * np.exp(0.0005 * np.random.default_rng(3).normal(size=12))
    ours = evaluate.fit_power_law(y, {"examples": x}).law
    theirs, _ = curve_fit(lambda x, e, a, b: np.log(e + a * x**-b), x, np.log(y), p0=(0.2, 3, 0.5))
    assert (ours.floor, *ours.scales, *ours.exponents) == pytest.approx(theirs, rel=5e-3)


def test_a_run_off_the_law_counts_little():
    losses = runs(REPLICATION, noise=0.001)
    losses[5] *= 1.5
    fit = evaluate.fit_power_law(losses, {"parameters": N, "tokens": D})
    assert fit.log_residuals[5] == pytest.approx(math.log(1.5), abs=0.02)
    far = {"parameters": 1e6, "tokens": 1e5}
    assert fit.law(**far) == pytest.approx(REPLICATION(**far), rel=0.05)


def test_the_gradient_is_that_of_differences():
    theta = np.array([-1.0, 0.3, 0.5, -0.2, 0.8])
    log_x = np.random.default_rng(0).normal(size=(9, 2))
    log_y = np.random.default_rng(1).normal(size=9)
    _, gradient = _objective(theta, log_x, log_y, 0.1)
    numeric = approx_fprime(theta, lambda t: _objective(t, log_x, log_y, 0.1)[0], 1e-7)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-4)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Synthetic: 20 ladders with noise, 90 % intervals of the bootstrap."""
    x = np.logspace(1, 3.5, 14)
    truth = evaluate.PowerLaw(("examples",), 0.2, (3.0,), (0.5,))
    hits = 0
    for seed in range(20):
        noise = np.exp(0.02 * np.random.default_rng(seed).normal(size=14))
        fit = evaluate.fit_power_law(truth(examples=x) * noise, {"examples": x}, bootstrap=40)
        predicted = fit.predict(examples=1e4)
        low, high = fit.exponent_interval("examples")
        assert low <= high
        assert predicted.low <= predicted.high
        hits += predicted.low <= truth(examples=1e4) <= predicted.high
    assert hits >= 13  # a bootstrap of 14 runs is a little too sure of itself


def test_the_best_spending_has_the_published_exponents():
    """Hoffmann et al., table 2, approach 3: size as C^0.46, tokens as C^0.54."""
    small, large = (CHINCHILLA.best_spending(c, cost=6) for c in (1e20, 1e24))
    for name, published in (("parameters", 0.46), ("tokens", 0.54)):
        slope = math.log10(large.sizes[name] / small.sizes[name]) / 4
        assert slope == pytest.approx(published, abs=0.005)


def test_the_replications_rule_of_thumb_is_about_twenty_tokens_a_parameter():
    """Besiroglu et al. 2024, section 5: consistent with the 20 that Chinchilla was trained by."""
    best = REPLICATION.best_spending(5.76e23, cost=6).sizes
    assert best["tokens"] / best["parameters"] == pytest.approx(20, abs=3)


@settings(max_examples=20, deadline=None)
@given(budget=st.floats(1e3, 1e12), cost=st.floats(1, 100))
def test_no_other_way_to_spend_is_better(budget, cost):
    best = REPLICATION.best_spending(budget, cost=cost)
    n, d = best.sizes["parameters"], best.sizes["tokens"]
    assert n * d * cost == pytest.approx(budget)
    searched = minimize_scalar(
        lambda log_n: float(
            REPLICATION(parameters=math.exp(log_n), tokens=budget / cost / math.exp(log_n))
        ),
        bracket=(math.log(n) - 1, math.log(n) + 1),
    )
    assert best.loss == pytest.approx(searched.fun, rel=1e-9)


def test_half_life():
    assert half_life(1.0) == 2
    assert half_life(0.0) == math.inf


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: evaluate.fit_power_law([1, 2, 3], {"n": [1, 2, 3]}),
            ShapeError,
            "at least 4 runs for 1 quantities",
        ),
        (
            lambda: evaluate.fit_power_law([1.0] * 5, {"n": [1, 2, 3]}),
            ShapeError,
            "as long as losses",
        ),
        (
            lambda: evaluate.fit_power_law([1, 2, 3, -4], {"n": [1, 2, 3, 4]}),
            ArgumentError,
            "losses must be finite, above 0",
        ),
        (
            lambda: evaluate.fit_power_law([1, 2, 3, 4], {"n": [2, 2, 2, 2]}),
            ArgumentError,
            "n must be .* not all the same",
        ),
        (lambda: CHINCHILLA(parameters=1), ArgumentError, "parameters, tokens"),
        (lambda: CHINCHILLA(parameters=0, tokens=1), ArgumentError, "parameters must be above 0"),
        (
            lambda: evaluate.PowerLaw(("n",), 0, (1.0,), (1.0,)).best_spending(1, cost=1),
            ArgumentError,
            "two quantities",
        ),
        (
            lambda: evaluate.fit_power_law([4, 3, 2, 1.5], {"n": [1, 2, 3, 4]}).predict(n=9),
            ArgumentError,
            "bootstrap=200",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()
