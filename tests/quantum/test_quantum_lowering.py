"""Every gate, against Qiskit's own statevector."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter, ParameterVector, QuantumRegister, library
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

from labkit.quantum import to_jax

GATES = {
    name: gate
    for name, gate in get_standard_gate_name_mapping().items()
    if isinstance(gate, Gate) and gate.num_qubits
}
FORMS = {
    "plain": lambda gate: gate,
    "inverse": lambda gate: gate.inverse(),
    "controlled": lambda gate: gate.control(1, ctrl_state=0),
}


pytestmark = pytest.mark.usefixtures("x64")


def some_state(num_qubits: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    state = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    return state / np.linalg.norm(state)


@pytest.mark.parametrize("form", FORMS)
def test_standard_gates_in_one_circuit_per_form(form: str) -> None:
    rng = np.random.default_rng(1)
    circuit = QuantumCircuit(6)
    circuit.initialize(some_state(6), range(6))
    for name, gate in GATES.items():
        fresh = type(gate)(*[Parameter(f"{name}_{i}") for i in range(len(gate.params))])
        formed = FORMS[form](fresh)
        circuit.append(formed, rng.permutation(6)[: formed.num_qubits].tolist())
    values = rng.normal(size=len(circuit.parameters))
    expected = Statevector(circuit.assign_parameters(values)).data
    actual = to_jax(circuit, dtype="complex128").statevector(values)
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def assert_agrees(circuit: QuantumCircuit, values: tuple[float, ...] = ()) -> None:
    """Against Qiskit: as it is, and behind a layer of parameters, which nothing can be folded past.

    What follows no parameter is computed while compiling; behind one, the steps run in JAX.
    """
    lead = ParameterVector("lead", circuit.num_qubits)
    behind = QuantumCircuit(circuit.num_qubits)
    for qubit, angle in enumerate(lead):
        behind.ry(angle, qubit)
    fresh = not any(item.operation.name in ("initialize", "reset") for item in circuit.data)
    forms = [(circuit, values)]
    if fresh:
        behind.compose(circuit, inplace=True)
        by_name = dict(zip(circuit.parameters, values, strict=True))
        by_name |= {p: 0.1 + 0.7 * i for i, p in enumerate(lead)}
        forms.append((behind, tuple(by_name[p] for p in behind.parameters)))
    for form, numbers in forms:
        actual = to_jax(form, dtype="complex128").statevector(np.asarray(numbers))
        expected = Statevector(form.assign_parameters(numbers)).data
        np.testing.assert_allclose(actual, expected, atol=1e-11)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(num_qubits=st.sampled_from([1, 3, 5, 8]), seed=st.integers(0, 10_000))
def test_random_circuits(num_qubits: int, seed: int) -> None:
    assert_agrees(random_circuit(num_qubits, 8, max_operands=min(4, num_qubits), seed=seed))


def test_gates_that_carry_arrays() -> None:
    rng = np.random.default_rng(2)
    circuit = QuantumCircuit(6)
    circuit.h(range(6))
    circuit.append(library.UnitaryGate(random_unitary(8, rng)), [5, 0, 2])
    circuit.append(library.PermutationGate([2, 0, 3, 1]), [1, 5, 3, 0])
    circuit.append(library.DiagonalGate(np.exp(1j * rng.normal(size=16)).tolist()), [0, 2, 5, 4])
    circuit.append(library.UnitaryGate(random_unitary(4, rng)), [3, 1])
    circuit.append(library.StatePreparation(some_state(2, 4)), [2, 3])
    circuit.append(library.UnitaryGate(random_unitary(2, rng)).control(2, ctrl_state=1), [4, 0, 3])
    circuit.append(library.PauliGate("XYZI"), [0, 5, 1, 2])
    circuit.append(library.QFTGate(3), [5, 2, 1])
    circuit.append(library.MCXGate(4, ctrl_state=5), [0, 1, 2, 3, 4])
    circuit.append(library.MCPhaseGate(0.7, 5, ctrl_state=9), [5, 4, 3, 2, 1, 0])
    circuit.append(library.RYGate(0.3).control(3, annotated=True).inverse(annotated=True), range(4))
    circuit.append(library.XGate().power(0.3), [2])
    assert_agrees(circuit)


def test_initial_states() -> None:
    circuit = QuantumCircuit(5)
    circuit.append(library.Initialize(some_state(2, 3)), [4, 1])
    circuit.append(library.Initialize("r+"), [0, 2])
    circuit.append(library.Initialize(1), [3])
    circuit.ry(Parameter("a"), 1)
    circuit.cx(1, 3)
    assert_agrees(circuit, (0.4,))


def random_unitary(size: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


@pytest.mark.parametrize(
    "terms",
    [[("XXI", 0.4), ("IZZ", -0.3)], [("ZZI", 0.5), ("IZZ", 0.2), ("YYI", -0.7), ("XXI", 0.1)]],
    ids=["terms that do not commute", "terms that commute"],
)
def test_evolution_is_exact_with_a_time_that_is_a_parameter(terms) -> None:
    time, operator = Parameter("t"), SparsePauliOp.from_list(terms)
    circuit = QuantumCircuit(4)
    circuit.h(range(4))
    circuit.append(library.PauliEvolutionGate(operator, 2 * time), [3, 0, 2])
    energies, vectors = np.linalg.eigh(operator.to_matrix())
    exact = vectors @ np.diag(np.exp(-2j * 0.6 * energies)) @ vectors.conj().T
    plus = Statevector.from_label("++++")
    expected = plus.evolve(Operator(exact), [3, 0, 2]).data
    actual = to_jax(circuit, dtype="complex128").statevector([0.6])
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_gates_wider_than_a_table_are_rotated_instead() -> None:
    circuit = QuantumCircuit(13)
    circuit.h(range(0, 13, 2))
    circuit.ccx(0, 2, 1)
    circuit.cswap(4, 1, 3)
    circuit.mcx([0, 1, 2, 3, 4, 6], 12)
    circuit.ry(0.3, 12)
    assert_agrees(circuit)


def test_a_gate_known_only_by_its_definition_or_matrix() -> None:
    half = QuantumCircuit(QuantumRegister(2), global_phase=0.4)
    half.ry(Parameter("a"), 0)
    half.cx(0, 1)

    class OnlyMatrix(Gate):
        def __array__(self, dtype=None, copy=None):
            return np.diag([1, 1j, -1, -1j]).astype(dtype or complex)

    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    circuit.append(half.to_gate(), [2, 0])
    circuit.append(OnlyMatrix("mine", 2, []), [1, 2])
    assert_agrees(circuit, (0.3,))
