"""The simulation against SimPy event for event, and against queueing theory in the long run."""

from __future__ import annotations

import itertools
from collections import deque

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import ArgumentError, ShapeError
from labkit.serve import simulate as sim
from labkit.serve.simulate.cache import zipf_weights

# ---------------------------------------------------------------- slow truth: SimPy


def simpy_queue(gaps_s, service_s, servers):
    """One first-come queue before ``servers`` servers, as events."""
    env = simpy.Environment()
    resource = simpy.Resource(env, servers)
    waits = np.zeros(len(gaps_s))

    def customer(i, work):
        came = env.now
        with resource.request() as turn:
            yield turn
            waits[i] = env.now - came
            yield env.timeout(work)

    def source():
        for i, (gap, work) in enumerate(zip(gaps_s, service_s, strict=True)):
            yield env.timeout(gap)
            env.process(customer(i, work))

    env.process(source())
    env.run()
    return waits


def simpy_batching(gaps_s, table_s, max_wait_s, servers):
    """A dispatcher that sleeps until its batch is full, due, and a server is free, as events."""
    env = simpy.Environment()
    waiting: deque[tuple[int, float]] = deque()
    idle = simpy.Container(env, servers, init=servers)
    changed = [env.event()]
    waits, sizes = np.zeros(len(gaps_s)), np.zeros(len(gaps_s), int)

    def source():
        for i, gap in enumerate(gaps_s):
            yield env.timeout(gap)
            waiting.append((i, env.now))
            changed[0].succeed()
            changed[0] = env.event()

    def server(work):
        yield env.timeout(work)
        yield idle.put(1)

    def dispatcher():
        served = 0
        while served < len(gaps_s):
            while not waiting:
                yield changed[0]
            due = env.timeout(max(0.0, waiting[0][1] + max_wait_s - env.now))
            while len(waiting) < len(table_s) and not due.processed:
                yield changed[0] | due
            yield idle.get(1)
            batch = [waiting.popleft() for _ in range(min(len(waiting), len(table_s)))]
            for i, came in batch:
                waits[i], sizes[i] = env.now - came, len(batch)
            served += len(batch)
            env.process(server(table_s[len(batch) - 1]))

    env.process(source())
    env.process(dispatcher())
    env.run()
    return waits, sizes


times = st.floats(2**-7, 5.0, width=32)


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from([1, 3]))
def test_queue_equals_simpy_event_for_event(data, servers):
    gaps = data.draw(st.lists(times, min_size=20, max_size=20))
    work = data.draw(st.lists(times, min_size=20, max_size=20))
    ours = sim.queue(jnp.array(gaps)[:, None], jnp.array(work)[:, None], servers=servers)
    # float32 sums of 20 times of a few seconds: 20 roundings of 1e-6 s at the most.
    np.testing.assert_allclose(ours.wait_s[:, 0], simpy_queue(gaps, work, servers), atol=5e-5)


@pytest.mark.parametrize("servers", [1, 2])
@pytest.mark.parametrize("max_wait_s", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(6))
def test_batching_equals_simpy_event_for_event(servers, max_wait_s, seed):
    rng = np.random.default_rng(seed)
    gaps, table = rng.exponential(0.4, 60), [1.0, 1.13, 1.31, 1.57]
    ours = sim.batching(jnp.array(gaps)[:, None], table, max_wait_s=max_wait_s, servers=servers)
    waits, sizes = simpy_batching(gaps, table, max_wait_s, servers)
    np.testing.assert_array_equal(ours.batch_size[:, 0], sizes)
    np.testing.assert_allclose(ours.wait_s[:, 0], waits, atol=1e-4)


@pytest.mark.parametrize("servers", [1, 2])
@pytest.mark.parametrize("max_wait_s", [0.0, 0.7])
def test_batching_that_scatters_equals_simpy_with_the_times_it_drew(servers, max_wait_s):
    """Each batch's time is one of its size's; SimPy with just these times waits as long."""
    rng = np.random.default_rng(5)
    gaps = rng.exponential(0.4, 80)
    table = np.array([[1.0, 2.0], [1.25, 2.5], [1.5, 3.0]])
    lane = jnp.array(gaps)[:, None]
    options = {"max_wait_s": max_wait_s, "servers": servers}
    ours = sim.batching(lane, table, key=jax.random.key(3), **options)
    sizes, service = np.asarray(ours.batch_size)[:, 0], np.asarray(ours.service_s)[:, 0]
    assert all(time in table[size - 1] for size, time in zip(sizes, service, strict=True))
    assert set(service) >= set(table[-1])  # of full batches, both times were drawn
    began = np.cumsum(gaps) + np.asarray(ours.wait_s)[:, 0]
    firsts = np.flatnonzero(np.diff(np.round(began, 3), prepend=-1.0))  # of each batch
    drawn = iter(service[firsts])
    waits, _ = simpy_batching(gaps, DrawnTimes(drawn, len(table)), max_wait_s, servers)
    np.testing.assert_allclose(ours.wait_s[:, 0], waits, atol=1e-4)


@pytest.mark.parametrize("servers", [1, 2])
@pytest.mark.parametrize("max_wait_s", [0.0, 0.7])
def test_batching_in_turns_equals_simpy_that_takes_the_same_turns(servers, max_wait_s):
    rng = np.random.default_rng(6)
    gaps, turns = rng.exponential(0.4, (80, 2)), rng.integers(3, size=(7, 2))
    table = np.array([[1.0, 1.5, 2.0], [1.25, 1.75, 2.5], [1.5, 2.25, 3.0]])
    options = {"max_wait_s": max_wait_s, "servers": servers}
    ours = sim.batching(jnp.array(gaps), table, turns=jnp.array(turns), **options)
    for lane in range(2):  # seven turns serve some forty batches: they begin anew
        in_turn = TurnedTimes(table, turns[:, lane])
        waits, sizes = simpy_batching(gaps[:, lane], in_turn, max_wait_s, servers)
        np.testing.assert_array_equal(ours.batch_size[:, lane], sizes)
        np.testing.assert_allclose(ours.wait_s[:, lane], waits, atol=1e-4)


class TurnedTimes:
    """A table of times for the SimPy twin: of each size, the one whose turn it is."""

    def __init__(self, table, turns):
        self._table, self._turns = table, itertools.cycle(turns)

    def __len__(self):
        return len(self._table)

    def __getitem__(self, row):
        return float(self._table[row][next(self._turns)])


class DrawnTimes:
    """A table of times for the SimPy twin: whatever the size, the next that was drawn."""

    def __init__(self, drawn, largest):
        self._drawn, self._largest = drawn, largest

    def __len__(self):
        return self._largest

    def __getitem__(self, _):
        return next(self._drawn)


# ---------------------------------------------------------------- theory, in the long run

SERVICE = {
    "M/M/1": (1, lambda k, n, m: sim.exponential(k, 1.0, n, m), lambda r: sim.mm1(r, 1.0)),
    "M/M/4": (
        4,
        lambda k, n, m: sim.exponential(k, 1.0, n, m),
        lambda r: sim.mmc(r, 1.0, servers=4),
    ),
    "M/D/1": (1, lambda _, n, m: sim.deterministic(1.0, n, m), lambda r: sim.md1(r, 1.0)),
    "M/E2/1": (
        1,
        lambda k, n, m: jax.random.exponential(k, (2, n, m)).mean(axis=0),
        lambda r: sim.mg1(r, 1.0, 0.5**0.5, lambda s: (2 / (2 + s)) ** 2),
    ),
}


@pytest.mark.parametrize("name", SERVICE)
@pytest.mark.parametrize("load", [0.3, 0.6])
def test_waiting_times_are_those_of_queueing_theory(name, load):
    servers, draw, law = SERVICE[name]
    n, lanes, warm = 4_500, 1_000, 500
    arrivals, work = jax.random.split(jax.random.key(0))
    gaps = sim.poisson(arrivals, load * servers, n, lanes)
    wait = np.asarray(sim.queue(gaps, draw(work, n, lanes), servers=servers).wait_s)[warm:]
    expected = law(load * servers)
    # 4 million requests: at load 0.6 the standard error of the mean is about 0.3 % (Whitt 1989).
    assert wait.mean() == pytest.approx(expected.mean_s, rel=0.01)
    quantile = np.partition(wait.ravel(), int(0.95 * wait.size))[int(0.95 * wait.size)]
    # Where 95 % do not wait at all, both are 0.
    assert quantile == pytest.approx(expected.quantile_s(0.95), rel=0.01, abs=1e-6)


def test_closed_forms_of_the_textbook():
    assert sim.mm1(0.5, 1.0).mean_s == pytest.approx(1.0)  # ρ/(μ-λ)
    assert sim.mm1(0.5, 1.0).quantile_s(0.95) == pytest.approx(np.log(0.5 / 0.05) / 0.5)
    # Kleinrock's Erlang C table: 2 servers, 1 erlang: P(wait) = 1/3.
    assert sim.mmc(1.0, 1.0, servers=2).tail(0.0) == pytest.approx(1 / 3)
    assert sim.md1(0.5, 1.0).mean_s == pytest.approx(sim.mm1(0.5, 1.0).mean_s / 2)
    exponential = sim.mg1(0.8, 1.0, 1.0, lambda s: 1 / (1 + s))
    assert exponential.tail(7.0) == pytest.approx(sim.mm1(0.8, 1.0).tail(7.0), rel=1e-6)
    # Erlang's series for M/D/1 at t = 1: (1 - ρ) e^{λ t} (1 - λ(t - D) ... ), hand-worked.
    rate = 0.6
    inside = (1 - rate) * (np.exp(rate * 1.5) - rate * 0.5 * np.exp(rate * 0.5))
    assert 1 - sim.md1(rate, 1.0).tail(1.5) == pytest.approx(inside, rel=1e-6)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([sim.least_work, sim.round_robin, sim.power_of_two]))
def test_conservation(seed, policy):
    """Little's law, first come first served, and no server works on two requests at once."""
    key = jax.random.key(seed)
    gaps, work = sim.poisson(key, 2.5, 200), sim.lognormal(key, 1.0, 200)
    run = sim.queue(gaps, work, servers=3, policy=policy, key=key)
    came = np.cumsum(np.asarray(gaps[:, 0], np.float64))
    wait, busy = np.asarray(run.wait_s[:, 0]), np.asarray(work[:, 0])
    left = came + wait + busy
    edges = np.sort(np.concatenate([came, left]))
    middle = (edges[1:] + edges[:-1]) / 2
    inside = (came[None] <= middle[:, None]) & (left[None] > middle[:, None])
    area = float(inside.sum(axis=1) @ np.diff(edges))
    assert area == pytest.approx(float((wait + busy).sum()), rel=1e-4)  # L = λ W over the run
    for server in range(3):
        mine = np.asarray(run.server[:, 0]) == server
        begins, ends = (came + wait)[mine], left[mine]
        assert np.all(begins[1:] >= ends[:-1] - 1e-3)


def test_policies_rank_as_theory_says():
    """Shortest work beats two choices beats blind choice, in mean wait."""
    key = jax.random.key(1)
    gaps, work = sim.poisson(key, 7.2, 4000, 64), sim.exponential(jax.random.key(2), 1.0, 4000, 64)
    mean = {
        policy.__name__: float(
            sim.queue(gaps, work, servers=8, policy=policy, key=key).wait_s.mean()
        )
        for policy in (sim.least_work, sim.power_of_two, sim.round_robin, sim.random_server)
    }
    assert list(mean) == sorted(mean, key=mean.__getitem__)


# ---------------------------------------------------------------- arrivals and cache


@pytest.mark.parametrize(
    ("gaps", "variation"),
    [
        (sim.poisson(jax.random.key(0), 4.0, 1000, 200), 1.0),
        (sim.bursty(jax.random.key(0), 4.0, 1000, 200, variation=3.0), 3.0),
    ],
)
def test_arrivals_have_the_rate_and_the_variation_asked_for(gaps, variation):
    assert float(gaps.mean()) == pytest.approx(0.25, rel=0.03)
    assert float(gaps.std() / gaps.mean()) == pytest.approx(variation, rel=0.05)


def test_a_day_has_its_peak_where_it_is_said():
    gaps = sim.diurnal(jax.random.key(0), 10.0, 40_000, peak_to_mean=1.8, period_s=1000.0)
    times = np.cumsum(np.asarray(gaps[:, 0], np.float64)) % 1000.0
    by_quarter = np.histogram(times, bins=4, range=(0, 1000))[0] / (4 * 250 * 10)
    # The mean of 1 + 0.8 sin over each quarter of its period: 1 ± 0.8 · 2/π.
    np.testing.assert_allclose(by_quarter, 1 + 1.6 / np.pi * np.array([1, 1, -1, -1]), rtol=0.04)


def test_a_trace_is_taken_as_it_is_and_refused_out_of_order():
    np.testing.assert_allclose(sim.from_times([2.0, 2.5, 4.0])[:, 0], [0.0, 0.5, 1.5])
    with pytest.raises(ArgumentError, match="Sort the trace"):
        sim.from_times([2.0, 1.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=40), st.integers(0, 5))
def test_lru_is_the_stack_distance(requested, capacity):
    """LRU hits just where fewer than ``capacity`` other items were asked for in between."""
    for i, hit in enumerate(sim.lru(requested, capacity).hit):
        before = requested[:i]
        last = (
            len(before) - 1 - before[::-1].index(requested[i]) if requested[i] in before else None
        )
        between = set(before[last + 1 :]) if last is not None else set()
        assert hit == (last is not None and len(between) < capacity)


def test_che_predicts_lru():
    requested = sim.zipf_keys(200_000, keys=2_000, exponent=0.9, seed=0)
    for capacity in (50, 500):
        predicted = sim.che_hit_ratio(zipf_weights(2_000, 0.9), capacity)
        assert sim.lru(requested, capacity).hit_ratio == pytest.approx(predicted, abs=0.01)
    assert sim.che_hit_ratio([1, 1, 1], 3) == 1.0
    assert sim.che_hit_ratio([1, 1, 1], 0) == 0.0


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: sim.poisson(jax.random.key(0), 0.0, 5),
            ArgumentError,
            "rate_per_s must be positive",
        ),
        (lambda: sim.mm1(2.0, 1.0), ArgumentError, "busy 200%"),
        (
            lambda: sim.queue(jnp.ones((3, 1)), jnp.ones((2, 1))),
            (ShapeError, Exception),
            "service_s",
        ),
        (
            lambda: sim.queue(jnp.ones((3, 1)), jnp.ones((3, 1)), servers=0),
            ArgumentError,
            "servers",
        ),
        (
            lambda: sim.queue(jnp.ones((3, 1)), jnp.ones((3, 1)), policy=sim.power_of_two),
            ArgumentError,
            "Pass key",
        ),
        (lambda: sim.batching(jnp.ones((3, 1)), [], max_wait_s=0.1), ArgumentError, "one per size"),
        (
            lambda: sim.batching(jnp.ones((3, 1)), [[1.0, 2.0]], max_wait_s=0.1),
            ArgumentError,
            "key must be given where times scatter",
        ),
        (
            lambda: sim.batching(
                jnp.ones((3, 1)), [[1.0, 2.0]], max_wait_s=0.1, turns=jnp.zeros((4, 2), int)
            ),
            ArgumentError,
            "turns must be one column for each of 1 lanes",
        ),
        (
            lambda: sim.batching(jnp.ones((3, 1)), [1.0], max_wait_s=-1.0),
            ArgumentError,
            "max_wait_s",
        ),
        (lambda: sim.lru([1], -1), ArgumentError, "capacity"),
        (lambda: sim.empirical(jax.random.key(0), [], 5), ArgumentError, "measured_s"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_more_load_never_waits_less():
    means = [sim.mmc(load * 4, 1.0, servers=4).mean_s for load in (0.1, 0.5, 0.9, 0.99)]
    assert all(a < b for a, b in itertools.pairwise(means))
