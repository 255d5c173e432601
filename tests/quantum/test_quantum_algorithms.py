"""Each algorithm against what its textbook proves about it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Operator, Statevector, partial_trace
from qiskit_aer import AerSimulator

from labkit.errors import ArgumentError, CircuitError
from labkit.quantum import algorithms as qa
from labkit.quantum.outcomes import outcome_probabilities

bits = st.text("01", min_size=1, max_size=6)


# ---------------------------------------------------------------- outcomes
def test_outcomes_agree_with_aer_on_an_asymmetric_measurement():
    circuit = QuantumCircuit(3, 2)
    circuit.ry(1.0, 0)
    circuit.cx(0, 2)
    circuit.measure([2, 1], [0, 1])  # bit 1 reads qubit 1, which stays 0
    exact = outcome_probabilities(circuit)
    assert exact == pytest.approx({"00": math.cos(0.5) ** 2, "01": math.sin(0.5) ** 2})
    counts = AerSimulator(seed_simulator=7).run(circuit, shots=20_000).result().get_counts()
    # Four standard deviations of a binomial share of 20,000 shots.
    assert counts["01"] / 20_000 == pytest.approx(exact["01"], abs=4 * math.sqrt(0.25 / 20_000))


@pytest.mark.parametrize("name", ["reset", "if_else", "h"])
def test_outcomes_refuse_dynamic_circuits(name):
    circuit = QuantumCircuit(1, 1)
    if name == "reset":
        circuit.reset(0)
    else:
        circuit.measure(0, 0)
        if name == "h":
            circuit.h(0)
        else:
            with circuit.if_test((0, 1)):
                circuit.x(0)
    with pytest.raises(CircuitError, match=f"{name}.*AerSimulator"):
        outcome_probabilities(circuit)


# ---------------------------------------------------------------- entanglement
@pytest.mark.parametrize("phase", [0, 1])
@pytest.mark.parametrize("parity", [0, 1])
def test_bell_states(phase, parity):
    expected = np.zeros(4)
    expected[2 * parity], expected[1 + 2 * (1 - parity)] = 1, (-1) ** phase
    assert Statevector(qa.bell(phase, parity)).data == pytest.approx(expected / math.sqrt(2))


def test_ghz_has_half_weight_on_each_end_and_mixed_qubits():
    state = Statevector(qa.ghz(5))
    expected = np.zeros(32)
    expected[[0, -1]] = math.sqrt(0.5)
    assert state.data == pytest.approx(expected)
    assert partial_trace(state, [1, 2, 3, 4]).data == pytest.approx(np.eye(2) / 2)


@pytest.mark.parametrize("seed", range(3))
def test_teleportation_delivers_any_state(seed):
    message = QuantumCircuit(1)
    message.u(*np.random.default_rng(seed).uniform(0, math.pi, 3), 0)
    sent = Statevector(message)
    received = partial_trace(Statevector(qa.teleportation(message, deferred=True)), [0, 1])
    assert (sent.data.conj() @ received.data @ sent.data).real == pytest.approx(1)
    dynamic = qa.teleportation(message)
    dynamic.compose(message.inverse(), [2], inplace=True)  # undo the message: Bob must read 0
    dynamic.measure_all()
    simulator = AerSimulator(seed_simulator=seed)
    counts = simulator.run(transpile(dynamic, simulator), shots=200).result().get_counts()
    assert {key[0] for key in counts} == {"0"}


@pytest.mark.parametrize("message", ["00", "01", "10", "11"])
def test_superdense_is_certain(message):
    assert outcome_probabilities(qa.superdense(message)) == pytest.approx({message: 1})


# ---------------------------------------------------------------- oracles
@settings(max_examples=15, deadline=None)
@given(secret=bits)
def test_bernstein_vazirani_reads_the_secret_in_one_call(secret):
    assert outcome_probabilities(qa.bernstein_vazirani(secret)) == pytest.approx({secret: 1})


@settings(max_examples=15, deadline=None)
@given(mask=bits, value=st.integers(0, 1))
def test_deutsch_jozsa_separates_constant_from_balanced(mask, value):
    zeros = "0" * len(mask)
    constant = outcome_probabilities(qa.deutsch_jozsa(qa.constant_oracle(len(mask), value)))
    assert constant == pytest.approx({zeros: 1})
    if "1" in mask:
        assert zeros not in outcome_probabilities(qa.deutsch_jozsa(qa.balanced_oracle(mask)))


@settings(max_examples=15, deadline=None)
@given(secret=st.text("01", min_size=2, max_size=4).filter(lambda s: "1" in s))
def test_simon(secret):
    size, number = len(secret), int(secret, 2)
    oracle = Operator(qa.simon_oracle(secret)).data
    image = [int(np.argmax(np.abs(oracle[:, x]))) >> size for x in range(2**size)]
    for x, y in np.ndindex(2**size, 2**size):
        assert (image[x] == image[y]) == (y in (x, x ^ number))
    outcomes = outcome_probabilities(qa.simon(qa.simon_oracle(secret)))
    orthogonal = {y for y in range(2**size) if (y & number).bit_count() % 2 == 0}
    assert {int(outcome, 2) for outcome in outcomes} == orthogonal
    assert list(outcomes.values()) == pytest.approx([2.0 ** (1 - size)] * len(orthogonal))
    assert qa.solve_simon(outcomes) == secret


def test_simon_needs_enough_equations():
    assert qa.solve_simon(["0000", "1100"]) is None
    with pytest.raises(ArgumentError, match="non-zero secret"):
        qa.solve_simon(["01", "10"])


# ---------------------------------------------------------------- search
@settings(max_examples=20, deadline=None)
@given(data=st.data(), num_qubits=st.integers(1, 5), iterations=st.integers(0, 5))
def test_grover_follows_the_sine_law(data, num_qubits, iterations):
    marked = data.draw(
        st.lists(st.integers(0, 2**num_qubits - 1), min_size=1, max_size=3, unique=True)
    )
    outcomes = outcome_probabilities(qa.grover(num_qubits, marked, iterations=iterations))
    found = sum(outcomes.get(format(number, f"0{num_qubits}b"), 0) for number in marked)
    expected = qa.success_probability(num_qubits, len(marked), iterations)
    assert found == pytest.approx(expected, abs=1e-9)


def test_grover_scales_as_the_square_root():
    calls = [qa.optimal_iterations(n) / math.sqrt(2**n) for n in (10, 14, 18)]
    assert calls == pytest.approx([math.pi / 4] * 3, rel=0.02)
    assert min(qa.success_probability(n, 1, qa.optimal_iterations(n)) for n in range(2, 12)) > 0.9


# ---------------------------------------------------------------- Fourier and phase
@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5])
def test_qft_is_the_unitary_dft(num_qubits):
    size = 2**num_qubits
    dft = np.fft.ifft(np.eye(size), norm="ortho")
    assert Operator(qa.qft(num_qubits)).data == pytest.approx(dft, abs=1e-12)
    assert Operator(qa.qft(num_qubits, inverse=True)).data == pytest.approx(dft.conj().T, abs=1e-12)
    reversed_bits = [int(format(x, f"0{num_qubits}b")[::-1], 2) for x in range(size)]
    assert Operator(qa.qft(num_qubits, swaps=False)).data == pytest.approx(dft[reversed_bits])


@settings(max_examples=15, deadline=None)
@given(phase=st.floats(0, 1, exclude_max=True))
def test_phase_estimation_follows_the_fejer_kernel(phase):
    one = QuantumCircuit(1)
    one.x(0)
    unitary = np.diag([1, np.exp(2j * np.pi * phase)])
    outcomes = outcome_probabilities(qa.phase_estimation(unitary, one, 4), threshold=-1.0)
    measured = np.zeros(16)
    for outcome, probability in outcomes.items():
        measured[int(outcome, 2)] = probability
    assert measured == pytest.approx(qa.phase_distribution(phase, 4), abs=1e-9)
    nearest = round(phase * 16) % 16
    assert measured[nearest] >= 4 / math.pi**2 - 1e-9  # Nielsen and Chuang, section 5.2.1


@pytest.mark.parametrize(("modulus", "factors"), [(15, {3, 5}), (21, {3, 7})])
def test_shor_factors(modulus, factors):
    base = 2
    order = next(r for r in range(1, modulus) if pow(base, r, modulus) == 1)
    outcomes = outcome_probabilities(qa.order_finding(base, modulus))
    size = 2 ** len(next(iter(outcomes)))
    kernels = [qa.phase_distribution(s / order, size.bit_length() - 1) for s in range(order)]
    expected = np.mean(kernels, axis=0)
    for outcome, probability in outcomes.items():
        assert probability == pytest.approx(expected[int(outcome, 2)], abs=1e-9)
    revealing = {
        outcome: probability
        for outcome, probability in outcomes.items()
        if qa.order_from_outcome(outcome, base, modulus) == order
    }
    assert sum(revealing.values()) > 0.5
    assert set(qa.factors_from_order(order, base, modulus)) == factors


def test_shor_refuses_a_common_factor():
    with pytest.raises(ArgumentError, match=r"gcd\(base, modulus\) = 3"):
        qa.order_finding(6, 15)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.5, 0.9])
def test_amplitude_estimation_keeps_its_promise(probability):
    preparation = QuantumCircuit(2)
    preparation.h(0)
    preparation.ry(2 * math.asin(math.sqrt(probability)), 1)
    outcomes = outcome_probabilities(qa.amplitude_estimation(preparation, 5))
    bound = qa.amplitude_error_bound(probability, 5) + 1e-12
    within = sum(
        share
        for outcome, share in outcomes.items()
        if abs(qa.amplitude_from_outcome(outcome) - probability) <= bound
    )
    assert within >= 8 / math.pi**2


# ---------------------------------------------------------------- linear systems
@pytest.mark.parametrize("size", [2, 4])
def test_hhl_solves_exactly_when_the_clock_can_hold_the_eigenvalues(size):
    rng = np.random.default_rng(3)
    basis, _ = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    eigenvalues = np.arange(1, size + 1) * 0.5
    matrix = basis @ np.diag(eigenvalues) @ basis.conj().T
    vector = rng.normal(size=size)
    answer = qa.solve_hhl(matrix, vector, 3, evolution_time=2 * np.pi / (0.5 * 8))
    assert answer.solution == pytest.approx(np.linalg.solve(matrix, vector), abs=1e-9)
    assert 0 < answer.success_probability <= 1


def _error(matrix, vector, num_clock, time):
    answer = qa.solve_hhl(matrix, vector, num_clock, evolution_time=time).solution
    return np.linalg.norm(answer - np.linalg.solve(matrix, vector))


def test_hhl_is_nearer_with_more_clock_qubits():
    matrix, vector = np.array([[1.0, 0.3], [0.3, 0.7]]), np.array([1.0, 0.0])
    truth = np.linalg.solve(matrix, vector)
    errors = [
        np.mean([_error(matrix, vector, t, time) for time in (2.5, 3.0, 3.5)]) for t in (3, 5, 7)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.05 * np.linalg.norm(truth)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: qa.bell(phase=2), "phase must be 0 or 1"),
        (lambda: qa.ghz(1), "num_qubits must be at least 2"),
        (lambda: qa.superdense("2"), "bits must be two"),
        (lambda: qa.balanced_oracle("000"), "at least one 1"),
        (lambda: qa.bernstein_vazirani(""), "secret must be"),
        (lambda: qa.grover(2, [4]), "marked must be in 0 … 3"),
        (lambda: qa.grover(2, []), "num_marked must be"),
        (lambda: qa.qft(0), "num_qubits must be at least 1"),
        (lambda: qa.phase_estimation(2 * np.eye(2), QuantumCircuit(1), 2), "unitary"),
        (lambda: qa.phase_estimation(np.eye(4), QuantumCircuit(1), 2), r"shape \(2, 2\)"),
        (lambda: qa.teleportation(QuantumCircuit(2)), "one qubit"),
        (lambda: qa.solve_hhl(-np.eye(2), np.ones(2), 2, evolution_time=1.0), "positive definite"),
        (lambda: qa.solve_hhl(np.eye(2), np.ones(2), 2, evolution_time=7.0), "evolution_time"),
    ],
)
def test_mistakes_are_explained(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
