"""Costs against hand counts, crossovers against lines whose meeting is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import Pauli, Statevector, random_density_matrix, random_statevector

from labkit.errors import ArgumentError
from labkit.hw import DeviceSpec
from labkit.quantum import (
    bloch_vectors,
    crossover,
    execution_cost,
    quantum_hardware,
    resources,
    search_crossover,
    simulation_cost,
)
from labkit.quantum.algorithms import ghz

BOX = DeviceSpec(
    "box", "cpu", memory_bytes=2**30, bandwidth_bytes_per_s=1e10, peak_flops={"float32": 1e11}
)


def test_simulation_by_hand():
    cost = simulation_cost(10, 7, BOX, usd_per_hour=3600.0)
    assert cost.memory_bytes == 8 * 1024
    assert cost.moved_bytes == 2 * 8 * 1024 * 7
    assert cost.operations == 14 * 1024 * 7
    assert cost.seconds == pytest.approx(cost.moved_bytes / 1e10)  # 1.6 ns against 0.14 ns
    assert cost.price_usd == pytest.approx(cost.seconds)
    slow = DeviceSpec("slow", "cpu", memory_bytes=2**30, bandwidth_bytes_per_s=1e10,
                      peak_flops={"float32": 1e9})  # fmt: skip
    assert simulation_cost(10, 7, slow).seconds == pytest.approx(14 * 1024 * 7 / 1e9)
    # A 4 x 4 complex matrix: 16 products of 6 operations, 12 sums of 2, for 4 amplitudes.
    merged = simulation_cost(10, 7, BOX, merged_qubits=2)
    assert merged.operations == (16 * 6 + 12 * 2) / 4 * 1024 * 7
    assert merged.moved_bytes == cost.moved_bytes


def test_each_qubit_doubles_the_cost_until_memory_ends():
    costs = [simulation_cost(n, 100, BOX).seconds for n in (26, 27, 28)]
    assert costs[1] == pytest.approx(2 * costs[0])
    assert math.isinf(costs[2])


def test_noise_is_paid_in_shots():
    needs = resources(ghz(4), quantum_hardware("ibm_fez"), shots=1000)
    clean, paid = execution_cost(needs, mitigated=False), execution_cost(needs)
    assert clean.seconds == needs.run_s
    assert paid.seconds == pytest.approx(clean.seconds / needs.error_free_probability**2)
    assert clean.moved_bytes == 1000 * 4 / 8


@given(meet=st.floats(1.5, 8.5), base=st.floats(1e-6, 1e3))
def test_crossover_finds_where_exponentials_meet(meet, base):
    sizes = np.arange(1, 10)
    flat, steep = base * 1.1**sizes, base * 1.1**meet * 2.0 ** (sizes - meet)
    found = crossover(sizes, flat, steep)
    assert found.size == pytest.approx(meet, rel=1e-6)
    assert found.seconds == pytest.approx(base * 1.1**meet, rel=1e-6)


def test_crossover_without_a_meeting():
    assert crossover([1, 2], [2, 2], [1, 1]) is None  # never ahead
    assert crossover([1, 2], [1, 1], [2, 2]) is None  # always ahead
    assert crossover([1, 2, 3], [5, 6, 7], [1, 2, math.inf]).size == 3  # memory ends there
    with pytest.raises(ArgumentError, match="one length"):
        crossover([1], [1, 2], [1])


def test_search_crossover_balances_both_sides():
    found = search_crossover(1e-3, 1e-9)
    assert math.pi / 4 * math.sqrt(found.size) * 1e-3 == pytest.approx(found.seconds)
    assert found.size / 2 * 1e-9 == pytest.approx(found.seconds)
    with pytest.raises(ArgumentError, match="classical_call_s must be positive"):
        search_crossover(1.0, 0.0)


def test_an_unknown_machine_is_refused():
    with pytest.raises(ArgumentError, match="known float32 peak"):
        simulation_cost(4, 1, DeviceSpec("mystery", "cpu"))


@pytest.mark.parametrize("pure", [True, False])
def test_bloch_vectors_are_expectations(pure):
    state = random_statevector(8, seed=2) if pure else random_density_matrix(8, seed=2)
    expected = [
        [state.expectation_value(Pauli(axis), [qubit]).real for axis in "XYZ"] for qubit in range(3)
    ]
    assert bloch_vectors(state.data) == pytest.approx(np.array(expected))
    plus_i = Statevector.from_label("r")
    assert bloch_vectors(plus_i.data) == pytest.approx(np.array([[0, 1, 0]]))
