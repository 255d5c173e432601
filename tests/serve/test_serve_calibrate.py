"""Prediction from measured times: where nothing scatters it is the simulation, to the digit."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from asgi import INFER, infer_json, on_a_port, scale_app
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import serve
from labkit.cli import main
from labkit.errors import ArgumentError
from labkit.serve import simulate as sim


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.0, 0.02))
def test_without_scatter_it_is_the_simulation_and_the_way_around(seed, max_wait_s):
    gaps = np.random.default_rng(seed).exponential(0.004, 64)
    table, around = [0.004, 0.005, 0.007], 0.001
    times = serve.ServiceTimes(
        tuple(np.full(3, s) for s in table),
        tuple(np.full(2, around) for _ in table),
        ranks=np.random.default_rng(seed).random(9),
    )
    lane = jnp.asarray(gaps, jnp.float32)[:, None]
    plain = sim.batching(lane, table, max_wait_s=max_wait_s)
    ours = times.predict(gaps, max_wait_s=max_wait_s, seed=seed, replays=3)
    assert ours.shape == (64, 3)
    expected = np.repeat(np.asarray(plain.latency_s) + around, 3, axis=1)
    np.testing.assert_allclose(ours, expected, atol=1e-6)
    assert times.capacity_per_s == pytest.approx(3 / 0.007)


def run_of(sizes, engine_ms):
    """A run with given batch sizes and engine times; 1 ms in the queue, 2 ms around."""
    engine_ms = np.asarray(engine_ms, float)
    told = [
        f"queue;dur=1.000, engine;dur={ms:.3f}, batch;desc={size}"
        for size, ms in zip(sizes, engine_ms, strict=True)
    ]
    n = len(sizes)
    return serve.LoadResult(
        np.arange(n) * 0.1, (engine_ms + 3) / 1e3, np.full(n, 200), told, n * 0.1
    )


def test_times_are_sorted_by_batch_and_gaps_filled_from_the_next():
    times = serve.ServiceTimes.of(run_of([1, 1, 4, 2], [5, 6, 9, 7]), max_batch=5)
    np.testing.assert_allclose(times.mean_s, [0.0055, 0.007, 0.009, 0.009, 0.009 * 5 / 4])
    assert times.capacity_per_s == pytest.approx(4 / 0.009)  # no better than what was seen
    for readings in times.around_s:
        np.testing.assert_allclose(readings, 0.002, atol=1e-9)
    with pytest.raises(ArgumentError, match="computed answers"):
        serve.ServiceTimes.of(run_of([0], [0.0]), max_batch=2)


def test_a_batch_that_began_late_held_the_engine_for_so_much_longer():
    run = run_of([1, 2], [5, 7])
    late = [text + ", late;dur=0.500" for text in run.server_timing]
    times = serve.ServiceTimes.of(replace(run, server_timing=late), max_batch=2)
    np.testing.assert_allclose(times.mean_s, [0.0055, 0.0075])
    for readings in times.around_s:  # it is part of the queue's 1 ms, not of the way around
        np.testing.assert_allclose(readings, 0.002, atol=1e-9)


def lindley(service, gap_s):
    """Latencies of a queue with one server, fixed gaps and the given times."""
    wait, latency = 0.0, []
    for own in service:
        latency.append(wait + own)
        wait = max(0.0, wait + own - gap_s)
    return np.array(latency)


def test_a_slow_batch_holds_up_those_behind_it():
    """One size, times of 1 or 5 s in any order, arrivals 2.5 s apart: the mean wait of D/G/1."""
    readings = np.array([1.0, 1.0, 1.0, 5.0])
    ranks = np.random.default_rng(1).random(20_000)
    times = serve.ServiceTimes((readings,), (np.zeros(2),), ranks)
    latency = times.predict(np.full(20_000, 2.5), max_wait_s=0.0, replays=1)
    own = np.random.default_rng(2).choice(readings, 20_000)
    assert latency.mean() == pytest.approx(lindley(own, 2.5).mean(), rel=0.1)


def test_slow_batches_come_in_the_stretches_in_which_they_were_measured():
    measured = np.tile(np.repeat([1.0, 1.9], 10), 3)
    run = replace(run_of(np.ones(60, int), 1e3 * measured), intended_s=10.0 * np.arange(60))
    times = serve.ServiceTimes.of(run, max_batch=1)
    replayed = times.predict(np.full(60, 1.5), max_wait_s=0.0, replays=4) - 0.002
    rolled = [lindley(np.roll(measured, -begin), 1.5) for begin in range(60)]
    for replay in replayed.T:
        assert min(np.abs(replay - each).max() for each in rolled) < 1e-4
    by_turns = np.sort(times.ranks).reshape(2, 30).T.ravel()  # fast, slow, fast, slow ...
    alone = replace(times, ranks=by_turns).predict(np.full(60, 1.5), max_wait_s=0.0, replays=4)
    assert np.quantile(replayed, 0.99) > 2 * np.quantile(alone, 0.99)


def test_requests_with_the_same_figures_are_one_batch_until_it_is_full():
    run = run_of([2, 2, 2, 2, 0, 1, 2], [7, 7, 7, 7, 0, 5, 7])
    times = serve.ServiceTimes.of(run, max_batch=2)
    assert [len(readings) for readings in times.engine_s] == [1, 3]  # the last is cut short
    assert len(times.ranks) == 4
    several = serve.ServiceTimes.of(run, run_of([1], [9]), max_batch=2)
    np.testing.assert_allclose(several.engine_s[0], [0.005, 0.009])
    assert several.ranks[-1] > several.ranks[2]  # the slower of the two of size 1


def test_a_server_is_measured_at_work():
    with on_a_port(scale_app(serve.Settings(max_batch=3))) as (port, _):
        body = infer_json(np.ones((1, 2, 3)))
        url = f"http://127.0.0.1:{port}{INFER}"
        times = serve.measure_service(url, [body], max_batch=3, seconds=0.2, rest_s=0.01)
    assert len(times.engine_s) == len(times.around_s) == 3
    assert np.all(times.mean_s > 0)
    assert all(np.all(readings >= 0) for readings in times.around_s)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["nowhere"], "is not an exported model"),
        (["nowhere", "--max-batch", "0"], "max_batch must be at least 1"),
        (["nowhere", "--replicas", "2", "--policy", "x"], "policy must be one of"),
    ],
)
def test_the_command_says_what_is_wrong(options, complaint, monkeypatch):
    monkeypatch.setattr("labkit.serve.log_to", lambda: None)
    done = CliRunner().invoke(main, ["serve", *options])
    assert done.exit_code == 1
    assert complaint in done.output
