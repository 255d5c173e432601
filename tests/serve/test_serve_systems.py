"""Autoscaling, failures, edge and cloud, and language models: each against a slower truth."""

from __future__ import annotations

import csv
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import ArgumentError, ResourceError, ShapeError
from labkit.serve import simulate as sim

KEY = jax.random.key(0)


def load(rate_per_s, n=400, lanes=3):
    return sim.poisson(KEY, rate_per_s, n, lanes), sim.exponential(jax.random.key(1), 1.0, n, lanes)


# ---------------------------------------------------------------- autoscaling


def test_a_scaler_that_may_not_scale_is_a_plain_queue():
    gaps, work = load(2.0)
    fixed = sim.Autoscaler(min_servers=3, max_servers=3, interval_s=5.0)
    ours, plain = sim.autoscale(gaps, work, fixed), sim.queue(gaps, work, servers=3)
    np.testing.assert_allclose(ours.wait_s, plain.wait_s, atol=1e-4)
    np.testing.assert_allclose(ours.paid_s, 3 * gaps.sum(axis=0), rtol=1e-5)


def test_replicas_follow_the_load_to_its_target():
    gaps, work = load(6.0, n=20_000)
    run = sim.autoscale(gaps, work, sim.Autoscaler(1, 32, 0.7, interval_s=60.0, cold_start_s=0.0))
    used = np.asarray(work.sum(axis=0) / run.paid_s)
    # 6 erlangs at 0.7 want 8.6 replicas: rounding up and noise may only lower the use.
    assert np.all((used > 0.55) & (used < 0.72))


def test_cold_starts_are_paid_for_in_waiting():
    gaps, work = load(6.0, n=4_000)
    scalers = [sim.Autoscaler(6, 32, 0.7, 5.0, cold_s) for cold_s in (0.0, 20.0, 100.0)]
    waits = [float(sim.autoscale(gaps, work, scaler).wait_s.mean()) for scaler in scalers]
    assert waits[0] < waits[1] < waits[2]


# ---------------------------------------------------------------- failures


def walk(begin, work, rows):
    """Finish ``work`` that begins at ``begin``, outage by outage."""
    now = begin
    for down, up in rows:
        if up <= now:
            continue
        if now < down:
            done = min(work, down - now)
            work, now = work - done, now + done
            if work <= 1e-12:
                return now
        now = max(now, up)
    return now + work


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_an_outage_holds_up_what_it_cuts_short(seed):
    rng = np.random.default_rng(seed)
    times, work = np.cumsum(rng.exponential(1.0, 30)), rng.exponential(0.8, 30)
    rows = sim.outages(mean_up_s=4.0, mean_down_s=2.0, horizon_s=100.0, seed=seed)
    run = sim.failing_queue(times, work, [rows])
    free = 0.0
    for came, own, latency in zip(times, work, run.latency_s, strict=True):
        free = walk(max(free, came), own, rows)
        assert came + latency == pytest.approx(free, abs=1e-9)


def test_without_outages_it_is_the_plain_queue():
    gaps, work = load(2.0, lanes=1)
    times = np.cumsum(np.asarray(gaps[:, 0], float))
    run = sim.failing_queue(times, work[:, 0], [np.empty((0, 2))] * 3)
    np.testing.assert_allclose(run.wait_s, sim.queue(gaps, work, servers=3).wait_s[:, 0], atol=1e-3)


def test_outages_have_the_availability_asked_for():
    rows = sim.outages(mean_up_s=3.0, mean_down_s=1.0, horizon_s=40_000.0, seed=1)
    down = (rows[:, 1] - rows[:, 0]).sum() / 40_000.0
    assert down == pytest.approx(0.25, rel=0.05)
    assert np.all(rows[:, 0] < rows[:, 1])
    assert np.all(rows[1:, 0] > rows[:-1, 1])


# ---------------------------------------------------------------- edge and cloud


def test_all_at_the_edge_and_all_in_the_cloud_are_plain_queues():
    gaps, work = load(0.7)
    trip = jnp.full_like(gaps, 0.05)
    edge = sim.edge_cloud(gaps, work, work / 10, trip, max_edge_wait_s=float("inf"))
    np.testing.assert_allclose(edge.latency_s, sim.queue(gaps, work).latency_s, atol=1e-4)
    cloud = sim.edge_cloud(gaps, work, work, trip, max_edge_wait_s=-1.0, cloud_servers=2)
    np.testing.assert_allclose(
        cloud.latency_s, sim.queue(gaps, work, servers=2).latency_s + 0.05, atol=1e-4
    )
    assert not edge.in_cloud.any()
    assert cloud.in_cloud.all()


def test_a_bound_on_the_edge_bounds_its_latency():
    gaps, work = load(3.0)
    run = sim.edge_cloud(gaps, work, work / 50, jnp.full_like(gaps, 0.1), max_edge_wait_s=0.5)
    at_edge = ~np.asarray(run.in_cloud)
    assert 0.1 < at_edge.mean() < 0.9
    assert np.all(np.asarray(run.latency_s - work)[at_edge] <= 0.5 + 1e-5)


# ---------------------------------------------------------------- language models


def changed(**fields):
    return dataclasses.replace(LLM, **fields)


LLM = sim.LLMServer(
    flops_per_token=2e9,
    weight_bytes=2e9,
    kv_bytes_per_token=1e5,
    peak_flops=1e13,
    bandwidth_bytes_per_s=1e11,
    memory_bytes=4e9,
    overhead_s=1e-4,
)


def test_one_request_worked_by_hand():
    run = sim.serve_llm([3.0], [1000], [3], LLM)
    # Prefill: 1000 · 2e9 / 1e13 = 0.2 s, above (2e9 + 1e8) / 1e11 = 0.021 s.
    # Decode with 1001 and 1002 tokens kept, one new: (2e9 + 1.002e8) / 1e11 and 1e5 more.
    assert run.first_token_s[0] == pytest.approx(0.2001)
    assert run.latency_s[0] == pytest.approx(0.2001 + 0.0211020 + 0.0211030, abs=1e-6)
    assert run.per_token_s([3])[0] == pytest.approx((0.0211020 + 0.0211030) / 2, abs=1e-6)
    assert run.iterations == 3


def test_one_sequence_at_a_time_is_a_queue_of_whole_answers():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.exponential(0.5, 40))
    prompts, outputs = rng.integers(1, 400, 40), rng.integers(1, 20, 40)
    alone = changed(max_sequences=1)
    work = [
        sim.serve_llm([0.0], [p], [o], alone).latency_s[0]
        for p, o in zip(prompts, outputs, strict=True)
    ]
    expected = sim.queue(sim.from_times(times), jnp.array(work)[:, None]).latency_s[:, 0]
    np.testing.assert_allclose(
        sim.serve_llm(times, prompts, outputs, alone).latency_s, expected, atol=1e-4
    )


def test_batching_answers_more_and_memory_bounds_it():
    rng = np.random.default_rng(1)
    times, prompts, outputs = np.zeros(64), np.full(64, 50), rng.integers(5, 60, 64)
    together = sim.serve_llm(times, prompts, outputs, LLM)
    alone = sim.serve_llm(times, prompts, outputs, changed(max_sequences=1))
    small = sim.serve_llm(times, prompts, outputs, changed(memory_bytes=2.05e9))
    assert together.latency_s.max() < small.latency_s.max() < alone.latency_s.max()
    assert together.iterations == outputs.max()
    assert alone.iterations == outputs.sum()


@pytest.mark.real_data
def test_the_azure_trace_is_served_in_order_of_plausible_times(real_data):
    with (real_data / "traces" / "AzureLLMInferenceTrace_code.csv").open() as file:
        rows = list(csv.DictReader(file))[:300]
    times = np.array([np.datetime64(r["TIMESTAMP"]) for r in rows])
    times_s = (times - times[0]) / np.timedelta64(1, "s")
    prompts = np.array([int(r["ContextTokens"]) for r in rows])
    outputs = np.array([int(r["GeneratedTokens"]) for r in rows])
    run = sim.serve_llm(times_s, prompts, outputs, changed(memory_bytes=8e9))
    fastest = prompts * 2e9 / 1e13
    assert np.all(run.first_token_s >= fastest)
    assert np.all(run.latency_s >= run.first_token_s)


# ---------------------------------------------------------------- bad input


NEVER = np.empty((0, 2))


def scaled(*args, **fields):
    return sim.autoscale(*load(1.0), sim.Autoscaler(*args, **fields))


def failing(**fields):
    return sim.outages(horizon_s=1.0, **fields)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: scaled(4, 2), ArgumentError, "min_servers"),
        (lambda: scaled(1, 2, 0.0), ArgumentError, "target"),
        (
            lambda: sim.autoscale(*load(1.0), sim.Autoscaler(interval_s=0.0)),
            ArgumentError,
            "interval_s",
        ),
        (
            lambda: sim.autoscale(*load(1.0), sim.Autoscaler(cold_start_s=-1.0)),
            ArgumentError,
            "cold",
        ),
        (lambda: sim.failing_queue([0.0], [1.0], []), ArgumentError, "one array per replica"),
        (
            lambda: sim.failing_queue([1.0, 0.0], [1.0, 1.0], [np.empty((0, 2))]),
            ArgumentError,
            "Sort",
        ),
        (
            lambda: sim.outages(mean_up_s=0.0, mean_down_s=1.0, horizon_s=1.0),
            ArgumentError,
            "mean_up_s",
        ),
        (lambda: sim.serve_llm([0.0], [10**6], [1], LLM), ResourceError, "room for the keys"),
        (lambda: sim.serve_llm([0.0], [1], [0], LLM), ArgumentError, "at least 1"),
        (lambda: sim.serve_llm([0.0, 1.0], [1], [1], LLM), ArgumentError, "one per arrival"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_edge_arrays_of_other_shapes_are_named():
    one, two = jnp.ones((2, 1)), jnp.ones((3, 1))
    with pytest.raises((ShapeError, Exception), match="cloud_s"):
        sim.edge_cloud(one, one, two, one, max_edge_wait_s=1.0)
