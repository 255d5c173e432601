"""Facts with their sources, and jobs counted and priced by hand."""

from __future__ import annotations

import dataclasses
from importlib.resources import files

import numpy as np
import pytest
import rustworkx as rx
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

from labkit.errors import ArgumentError, DataError, ResourceError
from labkit.quantum.algorithms import bell, ghz, qft
from labkit.quantum.hardware import hardware_names, quantum_hardware, read_hardware
from labkit.quantum.resources import resources, shots_for_precision

FEZ, ARIA = quantum_hardware("ibm_fez"), quantum_hardware("ionq_aria_1")
TABLE = files("labkit.quantum").joinpath("hardware.toml").read_text("utf-8")


@pytest.mark.parametrize("name", hardware_names())
def test_facts_are_plausible_and_sourced(name):
    device = quantum_hardware(name)
    assert 0 < device.one_qubit_error < device.two_qubit_error < 0.1
    assert 0 < device.one_qubit_s < device.two_qubit_s < device.t2_s <= 2 * device.t1_s
    assert device.second_usd or device.shot_usd or device.two_qubit_gate_shot_usd
    for source in device.sources.values():
        assert source["url"].startswith("https://")
        assert source["licence"]
        assert 2020 <= source["date"].year <= 2026
    if device.edges:
        used = {qubit for edge in device.edges for qubit in edge}
        assert used == set(range(device.num_qubits))


@pytest.mark.parametrize("key", ["url", "date", "licence"])
def test_a_row_without_provenance_is_refused(key):
    lines = TABLE.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"{key} = "))
    with pytest.raises(DataError, match=rf"ibm_fez: the calibration facts do not say {key}"):
        read_hardware("\n".join(lines[:at] + lines[at + 1 :]))


def test_unknown_and_missing_facts_are_refused():
    with pytest.raises(DataError, match="unknown facts two_qubit_ns"):
        read_hardware(TABLE.replace("two_qubit_s", "two_qubit_ns", 1))
    with pytest.raises(DataError, match="two_qubit_error"):
        read_hardware(TABLE.replace("two_qubit_error = 3.9034e-3", "", 1))
    with pytest.raises(ArgumentError, match="ibm_fez"):
        quantum_hardware("ibm_nowhere")


def test_the_couplings_are_a_heavy_hexagon_lattice():
    graph = rx.PyGraph()
    graph.add_nodes_from(range(FEZ.num_qubits))
    graph.add_edges_from_no_data(list(FEZ.edges))
    assert rx.is_connected(graph)
    assert max(graph.degree(qubit) for qubit in graph.node_indices()) == 3
    shortest = []
    for first, second in FEZ.edges:
        graph.remove_edge(first, second)
        around = rx.dijkstra_shortest_path_lengths(graph, first, lambda _: 1.0, second)
        shortest.append(1 + around[second] if second in around else 12)
        graph.add_edge(first, second, None)
    assert set(shortest) == {12}


def test_bell_on_ions_by_hand():
    simple = dataclasses.replace(ARIA, basis_gates=("h", "cx"))
    needs = resources(bell(), simple, shots=100_000)
    assert (needs.one_qubit_gates, needs.two_qubit_gates, needs.qubits) == (1, 1, 2)
    assert needs.circuit_s == pytest.approx(135e-6 + 600e-6)
    assert needs.run_s == pytest.approx(100_000 * 735e-6)
    assert needs.error_free_probability == pytest.approx(0.9995 * 0.996 * 0.9961**2)
    assert needs.price_usd == pytest.approx(100_000 * (0.00022 + 0.000975))
    assert resources(bell(), simple, shots=1).price_usd == pytest.approx(12.4166)  # the minimum


def test_shots_are_priced_at_a_market_place():
    garnet = quantum_hardware("iqm_garnet")
    needs = resources(qft(4), garnet, shots=1000)
    assert needs.price_usd == pytest.approx(0.3 + 1000 * 0.00145)
    assert len(garnet.edges) == 30
    simple = dataclasses.replace(garnet, basis_gates=("h", "cx"), readout_error=0.0)
    found = resources(bell(), simple)
    assert found.circuit_s == pytest.approx(60e-9)
    assert found.error_free_probability == pytest.approx((1 - 1.279e-3) * (1 - 8.051e-3))


def test_time_is_priced_on_superconductors():
    needs = resources(bell(), FEZ, shots=4000)
    assert needs.price_usd == pytest.approx(1.6 * needs.run_s)
    assert needs.run_s == pytest.approx(4000 * (needs.circuit_s + 250e-6))


def test_parallel_gates_share_their_time():
    circuit = QuantumCircuit(4)
    circuit.cz([0, 2], [1, 3])
    simple = dataclasses.replace(FEZ, edges=None, readout_s=0.0)
    assert resources(circuit, simple).circuit_s == pytest.approx(FEZ.two_qubit_s)


def test_routing_costs_gates_and_all_to_all_does_not():
    circuit = qft(6)
    free = resources(circuit, dataclasses.replace(FEZ, edges=None))
    routed = resources(circuit, FEZ)
    assert routed.two_qubit_gates > free.two_qubit_gates
    assert routed.circuit_s > free.circuit_s
    assert routed.error_free_probability < free.error_free_probability


def test_what_does_not_fit_is_refused():
    with pytest.raises(ResourceError, match="26 qubits, ionq_aria_1 25"):
        resources(ghz(26), ARIA)
    with pytest.raises(ArgumentError, match="shots must be at least 1"):
        resources(bell(), FEZ, shots=0)
    with pytest.raises(ArgumentError, match="precision must be positive"):
        shots_for_precision(SparsePauliOp("Z"), 0.0)


def test_the_promised_shots_reach_the_precision():
    observable = SparsePauliOp(["ZZ", "XI", "II"], [1.0, 0.5, 3.0])
    precision = 0.05
    shots = shots_for_precision(observable, precision)
    state = Statevector.from_label("+0")  # XI is certain, ZZ as uncertain as can be
    rng = np.random.default_rng(0)
    estimates = []
    for _ in range(300):
        total = 3.0
        for label, weight in (("ZZ", 1.0), ("XI", 0.5)):
            mean = state.expectation_value(SparsePauliOp(label)).real
            runs = round(shots * weight / 1.5)
            total += weight * (2 * rng.binomial(runs, (1 + mean) / 2) / runs - 1)
        estimates.append(total)
    assert np.std(estimates) <= 1.15 * precision  # 300 repeats know it to 4 %: 3.5 sigma
