"""Timing: what is timed, how often, and that it is the device's work and not its promise."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import pytest

from labkit.errors import ArgumentError
from labkit.perf import measure


def test_a_known_duration_is_recovered():
    timed = measure(time.sleep, 0.01, budget_s=0.05, jit=False)
    # A sleep never ends early; on a busy machine it may end late.
    assert 0.01 <= timed.lower_quartile_s <= timed.median_s <= timed.upper_quartile_s
    assert timed.median_s < 0.05
    assert timed.compile_s == 0
    assert timed.repeats == 5


def test_compilation_is_apart_from_the_run():
    @jax.jit
    def deep(x):
        for i in range(60):
            x = jnp.sin(x) * i
        return x

    timed = measure(deep, jnp.ones(8), budget_s=0.02)
    assert timed.compile_s > 10 * timed.median_s


def test_the_result_is_waited_for():
    x = jnp.ones((1024, 1024))
    product = jax.jit(lambda x: x @ x @ x @ x)
    jax.block_until_ready(product(x))
    start = time.perf_counter()
    jax.block_until_ready(product(x))
    whole_s = time.perf_counter() - start
    assert measure(product, x, budget_s=0.05).median_s > whole_s / 5


def test_donated_arguments_are_replaced_by_the_results():
    step = jax.jit(lambda x: x + 1, donate_argnums=0)
    timed = measure(step, jnp.zeros(4), budget_s=0.01, advance=lambda _, result: (result,))
    assert timed.repeats >= 5


def test_a_budget_must_be_positive():
    with pytest.raises(ArgumentError, match="budget_s must be a positive number of seconds"):
        measure(jnp.sin, 1.0, budget_s=0)
