"""Noise and its mitigation against channels written out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector, average_gate_fidelity

from labkit.errors import ArgumentError
from labkit.quantum.algorithms import bell, ghz
from labkit.quantum.hardware import quantum_hardware
from labkit.quantum.mitigation import (
    expectation_from_counts,
    fold,
    mitigate_readout,
    readout_matrix,
    zero_noise_extrapolation,
)
from labkit.quantum.noise import Noise, _gate_error, density_matrix, noisy_counts, trajectories

FEZ = quantum_hardware("ibm_fez")


def _one(gates):
    circuit = QuantumCircuit(1)
    for gate in gates:
        getattr(circuit, gate)(0)
    return circuit


def test_depolarising_by_hand():
    # Infidelity e of one qubit means p = 2e: ρ → (1 − p) ρ + p I/2.
    state = density_matrix(_one(["x"]), Noise(one_qubit_error=0.05)).data
    assert state == pytest.approx(np.diag([0.05, 0.95]), abs=1e-12)


def test_thermal_relaxation_by_hand():
    noise = Noise(t1_s=100e-6, t2_s=80e-6, one_qubit_s=10e-6)
    excited = density_matrix(_one(["x"]), noise).data
    assert excited[1, 1].real == pytest.approx(math.exp(-0.1), abs=1e-9)
    plus = density_matrix(_one(["h"]), noise).data
    assert abs(plus[0, 1]) == pytest.approx(0.5 * math.exp(-10 / 80), abs=1e-9)


def test_readout_by_hand():
    counts = noisy_counts(_one(["x"]), Noise(readout_error=0.2), shots=20_000, seed=3)
    # Five standard deviations of a share of 0.2 in 20,000 shots.
    assert counts["0"] / 20_000 == pytest.approx(0.2, abs=5 * math.sqrt(0.16 / 20_000))


@pytest.mark.parametrize("dimension", [2, 4])
def test_a_gate_has_the_infidelity_asked_for_relaxation_included(dimension):
    noise = Noise.of_hardware(FEZ)
    relaxation = noise._relaxation(noise.two_qubit_s)
    if dimension == 4:
        relaxation = relaxation.tensor(relaxation)
    error = _gate_error(relaxation, 0.01, dimension)
    assert average_gate_fidelity(error) == pytest.approx(0.99, abs=1e-9)


def test_no_noise_changes_nothing():
    circuit = ghz(3)
    assert density_matrix(circuit, Noise()).data == pytest.approx(
        np.outer(Statevector(circuit).data, Statevector(circuit).data.conj()), abs=1e-9
    )


def test_trajectories_converge_to_the_density_matrix():
    noise = Noise(one_qubit_error=0.02, two_qubit_error=0.1, t1_s=1e-4, t2_s=8e-5, two_qubit_s=1e-5)
    circuit = ghz(3)
    exact = density_matrix(circuit, noise).probabilities()
    sampled = trajectories(circuit, noise, samples=4000, seed=11)
    assert sampled.sum() == pytest.approx(1)
    # A probability lies in [0, 1]: its mean over 4000 runs errs by at most 0.5/√4000 = 0.008.
    assert np.abs(sampled - exact).max() < 5 * 0.5 / math.sqrt(4000)


@pytest.mark.parametrize("factor", [1, 3, 7])
def test_folding_keeps_the_unitary_and_multiplies_the_gates(factor):
    folded = fold(bell(), factor)
    assert Operator(folded) == Operator(bell())
    assert folded.count_ops()["cx"] == factor


def test_extrapolation_beats_the_noisy_value():
    circuit, noise = ghz(4), Noise(two_qubit_error=0.03)

    def measure(factor):
        return density_matrix(fold(circuit, factor), noise).expectation_value(_zz()).real

    result = zero_noise_extrapolation(measure)
    assert result.measured[0] < 0.97
    assert abs(result.value - 1) < 0.1 * abs(result.measured[0] - 1)
    linear = zero_noise_extrapolation(measure, degree=1)
    assert abs(linear.value - 1) > abs(result.value - 1)  # less bias in the higher degree …
    assert linear.variance_factor < result.variance_factor  # … but more variance


def test_richardson_weights_by_hand():
    # Through 1, 3, 5: weights 15/8, −10/8, 3/8, so the variance grows (225 + 100 + 9)/64-fold.
    result = zero_noise_extrapolation(lambda factor: 2.0 - 0.3 * factor)
    assert result.value == pytest.approx(2.0)
    assert result.variance_factor == pytest.approx(334 / 64)


@settings(max_examples=25, deadline=None)
@given(
    shares=st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any),
    flips=st.lists(st.tuples(st.floats(0, 0.3), st.floats(0, 0.3)), min_size=2, max_size=2),
)
def test_readout_mitigation_inverts_exact_confusion(shares, flips):
    truth = np.array(shares) / sum(shares)
    matrix = readout_matrix(flips)
    assert matrix.sum(axis=0) == pytest.approx(np.ones(4))
    observed = dict(zip(("00", "01", "10", "11"), 1e6 * (matrix @ truth), strict=True))
    found = mitigate_readout(observed, matrix)
    assert [found.get(bits, 0) for bits in observed] == pytest.approx(truth, abs=1e-6)


def test_readout_matrix_orders_qubits_as_qiskit_does():
    matrix = readout_matrix([(0.5, 0.0), (0.0, 0.0)])  # only qubit 0, the last bit, flips
    assert matrix[:, 0] == pytest.approx([0.5, 0.5, 0, 0])


def test_mitigated_counts_are_nearer_to_the_truth():
    noise = Noise(readout_error=0.08)
    counts = noisy_counts(ghz(3), noise, shots=20_000, seed=5)
    found = mitigate_readout(counts, readout_matrix([(0.08, 0.08)] * 3))
    assert abs(expectation_from_counts(found, [0, 1]) - 1) < 0.02
    assert abs(expectation_from_counts(counts, [0, 1]) - 1) > 0.2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Noise(one_qubit_error=1.2), "one_qubit_error must be in"),
        (lambda: Noise(t1_s=1.0, t2_s=3.0), "t2_s must be in"),
        (lambda: fold(bell(), 2), "odd and positive"),
        (lambda: zero_noise_extrapolation(float, (1, 3), degree=2), "degree must be in"),
        (lambda: trajectories(bell(), Noise(), samples=0, seed=0), "samples must be"),
        (lambda: mitigate_readout({"0": 1}, np.eye(4)), r"shape \(2, 2\)"),
    ],
)
def test_mistakes_are_explained(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def _zz():
    return Operator.from_label("ZZII")
