"""Calibration: a known machine is recovered from its times, and a false constant is found out.

The times come from the model itself, run with the constants of a machine made up here, so
that nothing depends on how busy the machine is that runs the test. How well real times are
predicted is measured by benchmarks/prediction.py.
"""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import pytest

from labkit.hw import this_device
from labkit.perf import Calibration, Calibrator, calibrate, calibration_file
from labkit.perf.constants import Timed, derive_constants
from labkit.perf.one_core import one_core_peaks
from labkit.perf.probes import (
    bandwidth_probes,
    check_probes,
    overhead_probes,
    product_probes,
    work_probes,
)
from labkit.perf.products import Product
from labkit.perf.steps import compiled_steps
from labkit.perf.timing import program_s

#: The worst tenth of predictions may be so far off (the goal of benchmarks/prediction.py).
TOLERANCE = 0.40
CORES = this_device().cores
TRUTH = Calibration(
    machine="made up",
    call_s=20e-6,
    cheap_call_s=9e-6,
    start_s=18e-6,
    wake_s=5e-6,
    argument_s=1e-6,
    result_s=1e-6,
    step_s=1e-6,
    fork_s=4e-6,
    loop_s=0.5e-6,
    bandwidth=((5e5, 60e9), (3e7, 20e9), (3e8, 8e9)),
    work_s={"xla:simple": 2e-11, "xla:exponential": 1.5e-9, "xla:tanh": 3e-9, "xla:sort": 4e-9},
    products=((Product("xla", "nn", "f32", 1, 64, 64, 64), 2 * 64**3 / 40e9),),
)


def timed_on(machine: Calibration, probe) -> Timed:
    """What the probe would take on a machine with these constants."""
    steps, footprint = compiled_steps(probe.fn, *probe.args)
    seconds = program_s(steps, machine, cores=CORES, footprint_bytes=footprint)
    results = len(jax.tree.leaves(jax.eval_shape(probe.fn, *probe.args)))
    seconds += machine.argument_s * (len(probe.args) - 1) + machine.result_s * (results - 1)
    return Timed(probe, steps, seconds, footprint)


@pytest.fixture(scope="module")
def recovered() -> Calibration:
    work = [probe for probe in work_probes() if f"xla:{probe.name}" in TRUTH.work_s]
    groups = {
        "overhead": overhead_probes(),
        "bandwidth": bandwidth_probes(2.0**27),
        "work": work,
        "products": [probe for probe in product_probes() if probe.args[0].shape == (128, 128)][:3],
        "checks": [],
    }
    return derive_constants(
        {name: [timed_on(TRUTH, probe) for probe in probes] for name, probes in groups.items()}
    )


@pytest.mark.parametrize("constant", ["call_s", "cheap_call_s", "argument_s"])
def test_the_costs_of_a_call_are_recovered(recovered, constant):
    assert getattr(recovered, constant) == pytest.approx(getattr(TRUTH, constant), rel=0.25)


@pytest.mark.parametrize("constant", ["start_s", "wake_s", "step_s", "fork_s"])
def test_the_costs_of_a_kernel_are_recovered(recovered, constant):
    # They are differences of times: a few microseconds of one may be taken for another.
    assert getattr(recovered, constant) == pytest.approx(getattr(TRUTH, constant), abs=2.5e-6)


def test_the_caches_are_recovered(recovered):
    for size in (2**21, 2**23, 2**25):
        assert recovered.bandwidth_at(size) == pytest.approx(TRUTH.bandwidth_at(size), rel=0.2)


@pytest.mark.parametrize("kind", ["xla:exponential", "xla:tanh", "xla:sort"])
def test_the_work_of_an_element_is_recovered(recovered, kind):
    assert recovered.work_s[kind] == pytest.approx(TRUTH.work_s[kind], rel=0.15)


def test_the_products_are_recovered(recovered):
    product = recovered.products[0][0]
    assert recovered.product_s(product) == pytest.approx(TRUTH.product_s(product), rel=0.25)


def test_halved_bandwidth_in_the_file_is_found_out(recovered, tmp_path):
    """Programs that wait for memory are predicted; with a false file they are not."""
    waiting = [jnp.ones(3 * 2**20), jnp.ones(2**24)]

    def errors(machine: Calibration) -> list[float]:
        found = []
        for x in waiting:
            steps, footprint = compiled_steps(jnp.add, x, x)
            predicted, true = (
                program_s(steps, m, cores=CORES, footprint_bytes=footprint)
                for m in (machine, TRUTH)
            )
            found.append(abs(predicted / true - 1))
        return found

    file = tmp_path / "calibration.json"
    recovered.save(file)
    assert max(errors(Calibration.load(file))) <= TOLERANCE
    stored = json.loads(file.read_text())
    stored["bandwidth"] = [[size, rate / 2] for size, rate in stored["bandwidth"]]
    file.write_text(json.dumps(stored))
    assert min(errors(Calibration.load(file))) > TOLERANCE


def test_this_machine_can_be_measured():
    calibrator = Calibrator(groups=("overhead",))
    for _ in range(2):
        calibrator.round()
    machine = calibrator.result()
    assert 0 < machine.cheap_call_s < 1
    assert 0 <= machine.start_s <= machine.call_s < 1
    assert machine.step_s > 0
    assert machine.rounds == 2


def test_what_is_stored_is_not_measured_again(tmp_path, monkeypatch, recovered):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    recovered.save(calibration_file())
    assert calibrate(rounds=0) == recovered
    assert calibration_file().parent == tmp_path / "labkit" / "calibration"


@pytest.mark.parametrize("probes", [work_probes, product_probes, check_probes])
def test_every_probe_can_be_traced(probes):
    for probe in probes():
        jax.eval_shape(probe.fn, *probe.args)


def test_no_two_products_are_the_same():
    shapes = [
        (probe.fn.__name__, *(arg.shape for arg in probe.args), probe.args[0].dtype)
        for probe in product_probes()
        if probe.fn.__name__ != "<lambda>"
    ]
    assert len(shapes) == len(set(shapes))


@pytest.mark.skipif(CORES < 2, reason="there is only one core")
def test_one_core_is_measured_in_a_process_of_its_own():
    peaks = one_core_peaks()
    assert peaks == {} or set(peaks) == {"float32", "bfloat16", "int8"}
    assert all(rate > 1e7 for rate in peaks.values())
