"""The planner against brute force, its latency against the simulation, prices by hand."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.cost import (
    Objective,
    Offer,
    Workload,
    embodied_kg,
    footprint,
    get_region,
    offers,
    own,
    p99_latency_s,
    pareto_front,
    plan,
    price_per_thousand_usd,
    training_price_usd,
)
from labkit.errors import ArgumentError, ShapeError
from labkit.hw import get_device
from labkit.perf.demand import Demand, Kernel
from labkit.serve import simulate as sim

GRID = get_region("us-central1")
DEVICES = ("NVIDIA L4", "NVIDIA Tesla T4", "NVIDIA A100 SXM4 80 GB", "NVIDIA H100 SXM5 80GB")


def example(seed: int) -> tuple[Workload, Objective, list[Offer]]:
    """A generated workload, objective and market."""
    rng = np.random.default_rng(seed)
    sizes = (1, 4, 16, 64)
    table = {}
    for device, precision in itertools.product(DEVICES, ("float32", "bfloat16")):
        fixed_s, each_s = 10 ** rng.uniform(-3.5, -1.5), 10 ** rng.uniform(-5, -3)
        table[device, precision] = tuple(float(fixed_s + each_s * size) for size in sizes)
    memory = {"float32": 10 ** rng.uniform(9, 11), "bfloat16": 10 ** rng.uniform(8.7, 10.7)}
    quality = {"float32": 0.9, "bfloat16": float(rng.uniform(0.8, 0.9))}
    market = [
        Offer(
            f"cloud {i}",
            "m",
            str(rng.choice(DEVICES)),
            int(rng.choice([1, 4])),
            "on demand",
            float(rng.uniform(0.3, 8)),
            "generated",
        )
        for i in range(6)
    ]
    objective = Objective(
        rate_per_s=float(10 ** rng.uniform(0, 3.5)),
        p99_latency_s=float(10 ** rng.uniform(-2, 0)),
        budget_usd_per_month=None if rng.random() < 0.5 else float(10 ** rng.uniform(3, 4.5)),
        min_quality=None if rng.random() < 0.5 else 0.85,
    )
    return Workload("generated", sizes, table, memory, quality), objective, market


def fewest_by_trying(workload, goal, offer, precision, stream):
    """Monthly price of the fewest machines that answer a stream in time, or None."""
    rate, network_s, most = stream
    best = None
    if workload.memory_bytes[precision] > get_device(offer.device).memory_bytes:
        return None
    times = workload.service_s[offer.device, precision]
    for size, seconds in zip(workload.batch_sizes, times, strict=True):
        for count in range(1, most + 1):
            servers = count * offer.devices
            load = rate / size * seconds / servers
            if load >= 1:
                continue
            chance = load ** (math.sqrt(2 * (servers + 1)) - 1)
            wait = seconds / size / 2 / servers / (1 - load) * math.log(chance / 0.01)
            if network_s + (size - 1) / rate + max(wait, 0) + seconds <= goal.p99_latency_s:
                price = count * offer.price_usd_per_hour * 730.5
                best = price if best is None else min(best, price)
                break
    return best


def brute_force(workload, goal, market, edge, shares, room) -> float | None:
    """The least monthly price over cloud, edge and every split, by trying all with scalars."""
    prices = []

    def consider(price, quality):
        if goal.min_quality is not None and quality < goal.min_quality:
            return
        if goal.budget_usd_per_month is not None and price > goal.budget_usd_per_month:
            return
        prices.append(price)

    def answers(machines, part, network_s, most):
        """(price, quality) of each machine and precision that answers its part in time."""
        stream = (goal.rate_per_s * part, network_s, most)
        for offer, precision in itertools.product(machines, workload.memory_bytes):
            if (offer.device, precision) not in workload.service_s:
                continue
            price = fewest_by_trying(workload, goal, offer, precision, stream)
            if price is not None:
                yield price, workload.quality[precision]

    for price, quality in answers(market, 1.0, goal.network_s, 64):
        consider(price, quality)
    for price, quality in answers(edge, 1.0, 0.0, room):
        consider(price, quality)
    for share in shares:
        near = list(answers(edge, share, 0.0, room))
        far = list(answers(market, 1 - share, goal.network_s, 64))
        for (price, good), (more, better) in itertools.product(near, far):
            consider(price + more, share * good + (1 - share) * better)
    return min(prices, default=None)


SMALL = "Raspberry Pi 5"


def with_edge(seed: int, workload: Workload) -> tuple[Workload, list[Offer], float, int]:
    """Small machines at the edge, the network that they save, and how many there is room for."""
    rng = np.random.default_rng([seed, 1])
    fixed_s, each_s = 10 ** rng.uniform(-3, -1.5), 10 ** rng.uniform(-4, -2)
    times = tuple(float(fixed_s + each_s * size) for size in workload.batch_sizes)
    table = dict(workload.service_s) | {(SMALL, "bfloat16"): times}
    if rng.random() < 0.5:
        table[SMALL, "float32"] = tuple(2 * seconds for seconds in times)
    hourly = float(10 ** rng.uniform(-2.5, 0))
    machines = [Offer("own", "small", SMALL, 1, "owned", hourly, "generated")]
    network_s, room = float(rng.choice([0.0, 0.02, 0.1])), int(rng.integers(1, 9))
    return replace(workload, service_s=table), machines, network_s, room


def test_the_plan_is_brute_forces_on_200_generated_cases():
    places = []
    for seed in range(200):
        workload, objective, market = example(seed)
        workload, edge, network_s, room = with_edge(seed, workload)
        rate = objective.rate_per_s * (10 if seed % 2 else 1)  # where one machine is not enough
        objective = replace(objective, network_s=network_s, rate_per_s=rate)
        shares = (0.1, 0.3, 0.6)
        found = plan(
            workload,
            objective,
            region=GRID,
            among=market,
            edge=edge,
            edge_shares=shares,
            most_at_edge=room,
        )
        expected = brute_force(workload, objective, market, edge, shares, room)
        places.append(found.best.place if found.best else "nowhere")
        assert (found.best is None) == (expected is None), seed
        if found.best is not None:
            assert found.best.price_usd_per_month == pytest.approx(expected), seed
    # Each answer occurs, or the test would not have asked.
    assert {place: places.count(place) >= 3 for place in set(places)} == {
        "cloud": True,
        "edge": True,
        "hybrid": True,
        "nowhere": True,
    }, {place: places.count(place) for place in set(places)}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_invariants_of_every_plan(seed):
    workload, goal, market = example(seed)
    found = plan(workload, goal, region=GRID, among=market)
    everything = len(market) * len(workload.memory_bytes) * len(workload.batch_sizes)
    assert len(found.feasible) + len(found.rejected) == everything
    assert set(map(id, found.front)) <= set(map(id, found.feasible))
    assert all(option.broken for option in found.rejected)
    for option in found.feasible:
        assert 0 < option.utilisation < 1
        assert option.p99_latency_s <= goal.p99_latency_s
        by_hour = option.instances * option.offer.price_usd_per_hour
        assert option.price_usd_per_thousand == pytest.approx(by_hour / 3.6 / goal.rate_per_s)
    if found.feasible:
        assert found.best == found.feasible[0]
        assert found.best.price_usd_per_month == found.front[0].price_usd_per_month


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
@pytest.mark.parametrize(("size", "replicas"), [(1, 1), (1, 4), (8, 2), (16, 4)])
def test_the_latency_is_the_simulations(size, replicas, load):
    batch_s = 0.02
    rate = load * replicas * size / batch_s
    table = np.full(size, batch_s)  # a partial batch takes as long as a full one
    gaps = sim.poisson(jax.random.key(0), rate, 6_000, 40)
    run = sim.batching(gaps, table, max_wait_s=(size - 1) / rate, servers=replicas)
    simulated = float(np.quantile(np.asarray(run.latency_s)[1_000:-1_000], 0.99))
    predicted = float(p99_latency_s(rate, size, batch_s, replicas))
    # Waiting is taken as exponential, which it is not quite: within a quarter of the truth here.
    assert predicted == pytest.approx(simulated, rel=0.25)


def test_latency_grows_with_load_and_is_infinite_beyond_it():
    rates = np.array([10.0, 50.0, 90.0, 99.0, 101.0])
    latency = p99_latency_s(rates, 1, 0.01, 1)
    assert np.all(np.diff(latency[:4]) > 0)
    assert latency[4] == np.inf


def test_a_hybrid_by_hand():
    """10 requests a second: half of them at the edge, the rest in the cloud."""
    workload = Workload(
        "w",
        (1,),
        {("NVIDIA L4", "p"): (0.01,), ("NVIDIA Tesla T4", "p"): (0.1,)},
        {"p": 1e9},
        {"p": 1},
    )
    cloud = [Offer("c", "m", "NVIDIA L4", 1, "on demand", 1.0, "by hand")]
    near = [own("NVIDIA Tesla T4", price_usd=100, lifetime_years=1, electricity_usd_per_kwh=0)]
    goal = Objective(10.0, 0.5, network_s=0.05)
    found = plan(workload, goal, region=GRID, among=cloud, edge=near, edge_shares=(0.5,))
    (split,) = [o for o in (*found.feasible, *found.rejected) if o.place == "hybrid"]
    alone = next(o for o in found.feasible if o.place == "cloud")
    assert split.edge.instances == split.instances == 1
    assert split.edge.utilisation == pytest.approx(5 * 0.1)
    assert split.utilisation == pytest.approx(5 * 0.01)
    assert split.price_usd_per_month == pytest.approx(
        alone.price_usd_per_month + split.edge.price_usd_per_month
    )
    parts = (split.edge, split)
    assert split.p99_latency_s == max(split.edge.p99_latency_s, 0.05 + 0.01)
    assert "50 % of the requests" in str(split)
    assert split.price_usd_per_thousand == pytest.approx(
        split.price_usd_per_month / (10.0 * 2_629_800) * 1000
    )
    assert {part.at_edge for part in parts} == {True, False}
    assert found.best.place == "edge"  # two of the cheap machines keep up with all of them


def test_the_splits_latency_is_the_simulations():
    """Edge and cloud each as an event simulation of its share; the worse p99 bounds the mixture."""
    share, rate, edge_s, cloud_s, network_s = 0.4, 20.0, 0.05, 0.02, 0.03
    parts = []
    for part, served_s, delay_s in ((share, edge_s, 0.0), (1 - share, cloud_s, network_s)):
        gaps = sim.poisson(jax.random.key(1), rate * part, 6_000, 40)
        run = sim.queue(gaps, jax.numpy.full_like(gaps, served_s))
        parts.append((part, delay_s + np.asarray(run.latency_s)[1_000:]))
    worse = max(
        float(p99_latency_s(rate * share, 1, edge_s, 1)),
        network_s + float(p99_latency_s(rate * (1 - share), 1, cloud_s, 1)),
    )
    late = sum(part * float((latency > worse).mean()) for part, latency in parts)
    assert late <= 0.0105


def test_the_whole_catalogue_is_planned():
    devices = sorted({offer.device for offer in offers()})
    workload = Workload.measured_by(
        lambda size, precision, device: 1e-3 + size * 1e9 / max(device.peak_flops.values()),
        name="toy",
        devices=devices,
        batch_sizes=(1, 2, 4, 8, 16, 32),
        memory_bytes={"bfloat16": 1e9},
        quality={"bfloat16": 0.9},
    )
    found = plan(workload, Objective(200.0, 0.1), region=GRID)
    assert found.best is not None
    assert {option.offer for option in found.feasible + found.rejected} == set(offers())


def test_a_workload_predicted_for_the_catalogue_is_planned_and_drawn():
    workload = Workload.predicted(
        lambda batch, kind: Demand((Kernel(kind, 8e9 * batch, 5e7),)),
        name="toy",
        precisions={"bfloat16": 0.76},
        memory_bytes={"bfloat16": 5e7},
        batch_sizes=(1, 8),
    )
    small, large = workload.service_s["NVIDIA L4", "bfloat16"]
    assert small < large < 8 * small
    found = plan(workload, Objective(100.0, 0.1), region=GRID)
    points = found.points()
    assert len(points["cloud"][0]) == len(found.feasible)
    assert min(points["cloud"][0]) == found.best.price_usd_per_month
    known = [o for o in found.feasible if o.embodied_g_per_thousand is not None]
    devices = {o.offer.device for o in found.feasible}
    assert {o.offer.device for o in known} == {d for d in devices if embodied_kg(d) is not None}
    assert {"NVIDIA A100 SXM4 40 GB", "NVIDIA H100 SXM5 80GB"} <= {o.offer.device for o in known}
    assert all(o.embodied_g_per_thousand > 0 for o in known)


@pytest.mark.parametrize(
    ("objective", "reason"),
    [
        (Objective(1.0, 1e-6), "latency of 64 instances: "),
        (Objective(1.0, 10.0, budget_usd_per_month=0.01), "price: "),
        (Objective(1.0, 10.0, max_carbon_g_per_thousand=1e-9), "carbon: "),
        (Objective(1.0, 10.0, min_quality=0.95), "quality: "),
    ],
)
def test_rejected_options_say_why(objective, reason):
    workload, _, market = example(1)
    found = plan(workload, objective, region=GRID, among=market)
    assert found.best is None
    assert any(option.broken.startswith(reason) for option in found.rejected)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=25))
def test_pareto_front_by_comparing_all_pairs(rows):
    def beaten(a):
        return any(all(x <= y for x, y in zip(b, a, strict=True)) and b != a for b in rows)

    assert pareto_front(rows).tolist() == [not beaten(a) for a in rows]


def test_prices_and_carbon_by_hand():
    machine = Offer("a", "b", "NVIDIA L4", 1, "on demand", 7.2, "an example")
    assert price_per_thousand_usd(machine, 100.0, instances=3) == pytest.approx(0.06)
    assert training_price_usd(machine, 0.5, 7200, instances=2) == pytest.approx(14.4)
    both = footprint(power_w=200, busy_s=900, total_s=3600, region=GRID, overhead=1.5)
    assert both.low_kwh == pytest.approx(0.075)
    assert both.high_g == pytest.approx(0.3 * GRID.carbon_g_per_kwh)


def one_device(*seconds):
    return Workload("w", (1,), {("d", "p"): seconds}, {}, {})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Objective(0.0, 1.0), ArgumentError, "rate_per_s"),
        (lambda: Objective(1.0, -1.0), ArgumentError, "p99_latency_s"),
        (lambda: Workload("w", (2, 1), {}, {}, {}), ArgumentError, "ascending"),
        (
            lambda: Workload("w", (1,), {("d", "p"): (1.0, 2.0)}, {}, {}),
            ArgumentError,
            "each batch",
        ),
        (lambda: Workload("w", (1,), {("d", "p"): (1.0,)}, {}, {}), ArgumentError, "known for p"),
        (lambda: plan(*example(0)[:2], region=GRID, among=[]), ArgumentError, "offers with one of"),
        (lambda: footprint(power_w=1, busy_s=2, total_s=1, region=GRID), ArgumentError, "busy_s"),
        (
            lambda: plan(*example(0)[:2], region=GRID, edge_shares=(1.0,)),
            ArgumentError,
            "edge_shares must be between 0 and 1",
        ),
        (lambda: pareto_front([1, 2]), ShapeError, "criteria"),
        (lambda: price_per_thousand_usd(offers()[0], 0.0), ArgumentError, "rate_per_s"),
        (lambda: training_price_usd(offers()[0], -1.0, 1), ArgumentError, "step_s"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
