"""The model of time: its laws, its constants, and that a false constant is found out."""

from __future__ import annotations

import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from labkit.errors import DataError
from labkit.hw import devices
from labkit.perf import Calibration, predict
from labkit.perf.products import Product
from labkit.perf.steps import Step, compiled_steps
from labkit.perf.timing import reuse_distances, step_times

MACHINE = Calibration(
    machine="by hand",
    call_s=10e-6,
    cheap_call_s=5e-6,
    start_s=8e-6,
    wake_s=4e-6,
    argument_s=1e-6,
    result_s=1e-6,
    step_s=1e-6,
    fork_s=2e-6,
    loop_s=1e-6,
    bandwidth=((1e6, 100e9), (1e8, 10e9)),
    work_s={"xla:simple": 1e-10, "xla:exponential": 1e-9},
    products=(
        (Product("xla", "nn", "f32", 1, 100, 100, 100), 2e6 / 50e9),
        (Product("xla", "nn", "f32", 1, 1000, 1000, 1000), 2e9 / 100e9),
    ),
    spread=0.2,
)


def test_bandwidth_between_measured_sizes_is_geometric_and_flat_outside():
    assert MACHINE.bandwidth_at(1e7) == pytest.approx(math.sqrt(100e9 * 10e9))
    assert MACHINE.bandwidth_at(1.0) == pytest.approx(100e9)
    assert MACHINE.bandwidth_at(1e12) == pytest.approx(10e9)


def test_a_product_lies_between_its_neighbours():
    between = Product("xla", "nn", "f32", 1, 300, 300, 300)
    assert 50e9 < between.flops / MACHINE.product_s(between) < 100e9
    measured, seconds = MACHINE.products[1]
    assert MACHINE.product_s(measured) == pytest.approx(seconds)
    huge = replace(measured, m=10**5)
    assert MACHINE.product_s(huge) == pytest.approx(100 * seconds)


def test_a_product_never_measured_is_taken_for_the_most_alike():
    other = Product("ynn", "nt", "bf16", 1, 1000, 1000, 1000)
    assert MACHINE.product_s(other) == pytest.approx(2e9 / 100e9)


def test_a_step_by_hand():
    step = Step("s", "xla", 2, 3.0, None, {"exponential": 1e6}, {"a": 10**6}, {"b": 10**6})
    (time,) = step_times([step], MACHINE, cores=2, footprint_bytes=1e12)
    assert time.arithmetic_s == pytest.approx(3 * 1e6 * 1e-9 / 2)
    assert time.launch_s == pytest.approx(3 * (1e-6 + 2e-6))
    assert time.total_s == time.launch_s + max(time.arithmetic_s, time.traffic_s)
    assert time.bound == "arithmetic"
    alone = step_times([replace(step, partitions=1)], MACHINE, cores=2, footprint_bytes=1e12)[0]
    assert alone.arithmetic_s == pytest.approx(2 * time.arithmetic_s)


def test_reuse_distance_is_the_traffic_since_the_last_touch():
    first = Step("first", "xla", reads={"x": 100}, writes={"y": 100})
    second = Step("second", "xla", reads={"y": 100}, writes={"z": 100})
    distances = reuse_distances([first, second])
    # y was touched by the step before, x by the same step of the call before.
    assert distances[1]["y"] == 200
    assert distances[0]["x"] == 400


def test_data_is_no_further_away_than_all_memory_in_use():
    step = Step("s", "xla", reads={"x": 10**6}, writes={"y": 10**6})
    many = [replace(step, name=f"s{i}", writes={f"y{i}": 10**6}) for i in range(100)]
    near = step_times(many, MACHINE, cores=2, footprint_bytes=1e6)
    far = step_times(many, MACHINE, cores=2, footprint_bytes=1e9)
    assert sum(t.traffic_s for t in near) < sum(t.traffic_s for t in far)


def test_a_calibration_is_kept_and_read_back(tmp_path):
    file = tmp_path / "deep" / "calibration.json"
    MACHINE.save(file)
    assert Calibration.load(file) == MACHINE


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '{"version": 0}', '{"version": 2, "call_s'])
def test_a_damaged_calibration_is_refused(tmp_path, text):
    file = tmp_path / "calibration.json"
    file.write_text(text)
    with pytest.raises(DataError, match="is not a calibration"):
        Calibration.load(file)


def test_more_work_is_never_predicted_to_be_faster():
    sizes = [64, 256, 1024]
    times = [predict(jnp.matmul, *(jnp.ones((n, n)),) * 2, calibration=MACHINE) for n in sizes]
    assert times[0].seconds <= times[1].seconds < times[2].seconds
    for time in times:
        assert time.low_s < time.seconds < time.high_s
        assert time.low_s == pytest.approx(time.seconds * math.exp(-0.2))


@pytest.mark.parametrize("name", list(devices()))
def test_another_device_is_predicted_between_its_bounds(name):
    x = jax.ShapeDtypeStruct((64, 128), jnp.float32)
    w = jax.ShapeDtypeStruct((128, 256), jnp.float32)
    there = predict(lambda x, w: jax.nn.softmax(x @ w), x, w, device=name)
    assert 0 < there.low_s <= there.seconds <= there.high_s
    assert there.device == name


def test_the_footprint_holds_arguments_results_and_temporaries():
    _, footprint = compiled_steps(lambda x: (x @ x) @ x, jnp.ones((256, 256)))
    assert footprint >= 3 * 4 * 256**2
