"""Collectives: by hand, by walking through the messages, and against the bounds of the papers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import ArgumentError, DataError
from labkit.hw import DeviceSpec, get_device
from labkit.perf import collectives as c

LINK = c.Link(1e-6, 1e9)
ALL = (
    c.ring_all_reduce_s,
    c.tree_all_reduce_s,
    c.all_reduce_s,
    c.reduce_scatter_s,
    c.all_gather_s,
    c.all_to_all_s,
    c.broadcast_s,
)


@pytest.mark.parametrize(
    ("collective", "seconds"),
    [  # 4 devices, 8 MB, α = 1 µs, β = 1 ns: worked by hand
        (c.ring_all_reduce_s, 6 * (1e-6 + 2e-3)),
        (c.tree_all_reduce_s, 4 * (1e-6 + 8e-3)),
        (c.reduce_scatter_s, 3 * (1e-6 + 2e-3)),
        (c.all_gather_s, 3 * (1e-6 + 2e-3)),
        (c.all_to_all_s, 3 * (1e-6 + 2e-3)),
        (c.broadcast_s, 5 * 1e-6 + 1.5 * 8e-3),
    ],
)
def test_worked_by_hand(collective, seconds):
    assert collective(8e6, 4, LINK) == pytest.approx(seconds)


@pytest.mark.parametrize("devices", [2, 3, 4, 7])
def test_a_ring_by_sending_each_message(devices):
    """Simulate the ring with real numbers: the sums are right after as many rounds as counted."""
    parts = [[float(d * 10 + p) for p in range(devices)] for d in range(devices)]
    want = [sum(d * 10 + p for d in range(devices)) for p in range(devices)]
    rounds = 0
    for phase in ("reduce", "gather"):
        for step in range(devices - 1):
            sent = []
            for d in range(devices):
                part = (d - step) % devices if phase == "reduce" else (d + 1 - step) % devices
                sent.append(((d + 1) % devices, part, parts[d][part]))
            for to, part, value in sent:
                parts[to][part] = parts[to][part] + value if phase == "reduce" else value
            rounds += 1
    assert parts == [want] * devices
    taken = c.ring_all_reduce_s(8.0 * devices, devices, LINK)
    assert taken == pytest.approx(rounds * LINK.message_s(8.0))


@settings(deadline=None, derandomize=True)
@given(st.floats(0, 1e12), st.integers(1, 5000))
def test_laws(n_bytes, devices):
    beta_s = n_bytes / LINK.bytes_per_s
    ring = c.ring_all_reduce_s(n_bytes, devices, LINK)
    # Patarasuk and Yuan's bound, reached but for the latency.
    assert ring >= 2 * (devices - 1) / devices * beta_s * (1 - 1e-12)
    halves = c.reduce_scatter_s(n_bytes, devices, LINK) + c.all_gather_s(n_bytes, devices, LINK)
    assert ring == pytest.approx(halves)
    assert c.all_reduce_s(n_bytes, devices, LINK) <= ring
    depth = math.ceil(math.log2(devices))
    assert c.broadcast_s(n_bytes, devices, LINK) >= depth * LINK.latency_s  # the tree's depth
    for collective in ALL:
        taken = collective(n_bytes, devices, LINK)
        assert taken >= 0
        assert taken <= collective(2 * n_bytes, devices, LINK)
        assert collective(n_bytes, 1, LINK) == 0


@pytest.mark.parametrize("missing", ["url", "date", "licence"])
def test_a_latency_without_provenance_is_refused(missing):
    row = {"latency_s": 1e-6, "url": "https://a", "date": "2026-01-01", "licence": "MIT"}
    with pytest.raises(DataError, match=f"within lacks {missing}"):
        c.parse_links({"within": {**row, missing: ""}})


def test_small_arrays_go_by_tree_and_large_ones_by_ring():
    assert c.all_reduce_s(1.0, 64, LINK) == c.tree_all_reduce_s(1.0, 64, LINK)
    assert c.all_reduce_s(1e9, 64, LINK) == c.ring_all_reduce_s(1e9, 64, LINK)


def test_the_slowest_link_of_a_ring_counts():
    device = get_device("NVIDIA H100 SXM5 80GB")
    assert c.link_of(device, 8).bytes_per_s == device.interconnect_bytes_per_s
    assert c.link_of(device, 9).bytes_per_s == device.network_bytes_per_s
    assert c.link_of(device, 9).latency_s > c.link_of(device, 8).latency_s


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: c.Link(-1.0, 1.0), "latency_s must be at least 0"),
        (lambda: c.Link(0.0, 0.0), "bytes_per_s must be positive"),
        (lambda: c.all_reduce_s(1.0, 0, LINK), "devices must be at least 1"),
        (lambda: c.all_reduce_s(-1.0, 2, LINK), "n_bytes must be at least 0"),
        (lambda: c.link_of(DeviceSpec("bare", "gpu"), 2), "interconnect is published"),
        (lambda: c.link_of(get_device("NVIDIA L4"), 9), "network is published, for more than 8"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
