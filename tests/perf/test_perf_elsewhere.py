"""Devices that are not here: what fusion leaves, the roofline by hand, many devices."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from labkit.errors import ArgumentError, DataError
from labkit.hw import DeviceSpec, get_device
from labkit.perf import Efficiency, efficiency, predict, predict_parallel, predict_training
from labkit.perf.collectives import all_reduce_s, link_of
from labkit.perf.demand import Demand, Kernel, demand, peak_flops
from labkit.perf.elsewhere import device_s, parse_efficiency
from labkit.perf.fusion import between_products

A100 = get_device("NVIDIA A100 SXM4 80 GB")
SQUARE = jax.ShapeDtypeStruct((256, 256), jnp.float32)
BYTES = 4 * 256 * 256


def left(fn, *args):
    return between_products(jax.make_jaxpr(fn)(*args).jaxpr)


@pytest.mark.parametrize(
    ("fn", "kernels", "passes"),
    [  # passes over 256 × 256 numbers, counted by hand
        (lambda x: jnp.tanh(2 * x + 1) * x, 1, 2),  # read, write
        (lambda x: x @ x, 0, 0),  # the product counts its own
        (lambda x: jax.nn.relu(x @ x), 1, 2),  # the product's result is read, another written
        (lambda x: jax.nn.relu(x @ x) @ x, 1, 2),
        (lambda x: jax.nn.softmax(x), 1, 2),  # rows stay at hand
        (lambda x: (x @ x).T, 0, 0),  # no pass of its own
        (lambda x: x - x.mean(0), 2, 3),  # columns do not: one pass for the mean, one to subtract
        (lambda x: jax.jit(jnp.sin)(jax.jit(jnp.cos)(x)), 1, 2),  # calls are opened
    ],
)
def test_passes_by_hand(fn, kernels, passes):
    found = left(fn, SQUARE)
    assert found.kernels == kernels
    assert found.moved_bytes == pytest.approx(passes * BYTES, rel=0.02)


def test_a_loop_runs_its_body_so_often():
    def looped(x):
        return jax.lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=7)[0]

    assert left(looped, SQUARE).moved_bytes == pytest.approx(7 * 2 * BYTES)


def test_fusion_never_moves_more_than_no_fusion():
    def loss(w, x):
        return (jax.nn.gelu(jax.nn.standardize(x @ w)) ** 2).mean()

    asked = demand(jax.grad(loss), SQUARE, SQUARE)
    assert 0 < asked.other_bytes < asked.unfused_bytes / 3


def test_rows_picked_from_a_table_are_not_the_table():
    table = jax.ShapeDtypeStruct((50_000, 64), jnp.float32)
    places = jax.ShapeDtypeStruct((10,), jnp.int32)
    asked = demand(lambda t, i: t[i], table, places)
    assert asked.minimal_bytes == 2 * 10 * 64 * 4 + 10 * 4


def test_the_roofline_by_hand():
    reached = Efficiency(0.5, 0.5, 2.0, 1e-6, 0.0)
    busy, waiting = Kernel("bfloat16", 312e9, 1e6), Kernel("bfloat16", 1e6, 2.039e9)
    asked = Demand((busy, waiting), other_bytes=2.039e9, other_kernels=3, minimal_bytes=1.0195e9)
    # 2 ms of arithmetic, 2 ms of traffic; between them 1 ms for arguments and results and
    # twice 1 ms for what kernels pass on; five launches
    assert device_s(asked, A100, reached) == pytest.approx(7e-3 + 5e-6)
    twice = device_s(asked.repeated(2), A100, reached)
    assert twice == pytest.approx(2 * device_s(asked, A100, reached))
    assert device_s(asked + asked, A100, reached) == pytest.approx(twice)


def test_precisions_as_devices_run_them():
    assert peak_flops("float32", A100) == 156e12  # TensorFloat-32
    assert peak_flops("float16", A100) == peak_flops("bfloat16", A100) == 312e12
    old = get_device("NVIDIA Tesla V100 SXM2 16 GB")
    assert peak_flops("float16", old) == 125e12
    assert peak_flops("bfloat16", old) == 15.67e12  # no units for it
    assert peak_flops("float32", get_device("Google TPU v4")) == 275e12


def test_a_step_on_many_devices_is_computing_and_what_of_the_exchange_shows():
    def loss(w, x):
        return ((x @ w) ** 2).mean()

    weights = jax.ShapeDtypeStruct((1024, 1024), jnp.float32)
    images = jax.ShapeDtypeStruct((8, 1024), jnp.float32)
    told = predict_training(loss, weights, images, device=A100.name, devices=8)
    assert told.exchange_s == pytest.approx(all_reduce_s(4 * 1024**2, 8, link_of(A100, 8)))
    hidden_s = 2 / 3 * told.compute_s
    assert told.exposed_s == pytest.approx(max(told.exchange_s - hidden_s, 0))
    assert told.seconds == pytest.approx(told.compute_s + told.exposed_s)
    assert told.low_s < told.seconds < told.high_s
    assert 0 < told.efficiency <= 1
    assert "8 × NVIDIA A100" in str(told)
    alone = predict_training(loss, weights, images, device=A100, devices=1)
    assert alone.exchange_s == 0
    assert alone.seconds == alone.compute_s == pytest.approx(told.compute_s)


def test_split_weights_pay_for_each_exchange():
    half = jax.ShapeDtypeStruct((64, 4096), jnp.bfloat16)
    given = {"device": A100, "devices": 4, "exchanged_bytes": 1e6}
    one, two = (predict_parallel(lambda x: x @ x.T, half, exchanges=n, **given) for n in (1, 2))
    assert two.exchange_s == pytest.approx(2 * one.exchange_s)
    assert two.seconds == pytest.approx(two.compute_s + two.exchange_s)


def test_the_interval_holds_the_prediction_and_what_is_possible():
    n = 8192
    square = jax.ShapeDtypeStruct((n, n), jnp.bfloat16)
    there = predict(jnp.matmul, square, square, device="Google TPU v4")
    peak_s = 2 * n**3 / 275e12
    assert there.low_s >= peak_s
    assert there.seconds == pytest.approx(peak_s / efficiency().arithmetic, rel=0.01)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Efficiency(0.0, 1, 1, 0, 0), ArgumentError, "arithmetic must be within"),
        (lambda: Efficiency(1, 1.5, 1, 0, 0), ArgumentError, "traffic must be within"),
        (lambda: Efficiency(1, 1, 0.5, 0, 0), ArgumentError, "between must be at least 1"),
        (lambda: Efficiency(1, 1, 1, -1, 0), ArgumentError, "kernel_s must be at least 0"),
        (lambda: parse_efficiency({"date": "x"}), DataError, "lacks found_by, tables"),
        (
            lambda: predict(jnp.sin, 1.0, device=DeviceSpec("bare", "gpu")),
            ArgumentError,
            "device must be a device with known peak",
        ),
        (
            lambda: predict_parallel(jnp.sin, 1.0, device=A100, devices=0, exchanged_bytes=1.0),
            ArgumentError,
            "devices must be at least 1",
        ),
        (
            lambda: predict_parallel(
                jnp.sin, 1.0, device=A100, devices=2, exchanged_bytes=1.0, overlap=2.0
            ),
            ArgumentError,
            "overlap must be from 0 to 1",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
