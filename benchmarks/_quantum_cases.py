"""The circuits that the quantum benchmark runs, written for labkit and for each peer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp


def ansatz(num_qubits: int, layers: int) -> QuantumCircuit:
    """Hardware-efficient: RY and RZ on each qubit, a chain of CX between, RY and RZ last."""
    circuit = QuantumCircuit(num_qubits)
    angles = iter(ParameterVector("t", 2 * num_qubits * (layers + 1)))
    for layer in range(layers + 1):
        for q in range(num_qubits):
            circuit.ry(next(angles), q)
        for q in range(num_qubits):
            circuit.rz(next(angles), q)
        for q in range(num_qubits - 1 if layer < layers else 0):
            circuit.cx(q, q + 1)
    return circuit


def tfim(num_qubits: int) -> SparsePauliOp:
    """The transverse-field Ising chain, J = 1, h = 0.7."""
    bonds = [("ZZ", [q, q + 1], -1.0) for q in range(num_qubits - 1)]
    fields = [("X", [q], -0.7) for q in range(num_qubits)]
    return SparsePauliOp.from_sparse_list(bonds + fields, num_qubits)


def angles_of(circuit: QuantumCircuit, seed: int = 0) -> np.ndarray:
    """Seeded values of the circuit's parameters."""
    return np.random.default_rng(seed).normal(size=circuit.num_parameters)


def classifier(num_qubits: int = 6) -> tuple[QuantumCircuit, ParameterVector, ParameterVector]:
    """A feature map of two repetitions with pairwise phases, and three layers of RY and CX."""
    x, w = ParameterVector("x", num_qubits), ParameterVector("w", 4 * num_qubits)
    circuit, weights = QuantumCircuit(num_qubits), iter(w)
    for _ in range(2):
        feature_layer(circuit, x)
    for layer in range(4):
        for q in range(num_qubits):
            circuit.ry(next(weights), q)
        for q in range(num_qubits - 1 if layer < 3 else 0):
            circuit.cx(q, q + 1)
    return circuit, x, w


def feature_layer(circuit: QuantumCircuit, x: ParameterVector) -> None:
    """One repetition of the feature map of Havlíček et al. with linear entanglement."""
    for q in range(len(x)):
        circuit.h(q)
        circuit.p(2 * x[q], q)
    for q in range(len(x) - 1):
        circuit.cx(q, q + 1)
        circuit.p(2 * (np.pi - x[q]) * (np.pi - x[q + 1]), q + 1)
        circuit.cx(q, q + 1)


def pennylane_ansatz(device: Any, num_qubits: int, layers: int, **options: Any) -> Callable:
    """The ansatz in PennyLane: a QNode for the energy, or for the state if not differentiated."""
    import pennylane as qml

    bonds = [qml.Z(q) @ qml.Z(q + 1) for q in range(num_qubits - 1)]
    fields = [qml.X(q) for q in range(num_qubits)]
    energy = qml.Hamiltonian([-1.0] * len(bonds) + [-0.7] * len(fields), bonds + fields)

    @qml.qnode(device, **options)
    def run(angles: Any) -> Any:
        taken = iter(range(len(angles)))
        for layer in range(layers + 1):
            for q in range(num_qubits):
                qml.RY(angles[next(taken)], q)
            for q in range(num_qubits):
                qml.RZ(angles[next(taken)], q)
            for q in range(num_qubits - 1 if layer < layers else 0):
                qml.CNOT([q, q + 1])
        return qml.expval(energy) if options.get("diff_method") else qml.state()

    return run


def tensorcircuit_classifier(num_qubits: int = 6) -> Callable:
    """The classifier in tensorcircuit-ng: <Z> of the first qubit, of one point and the weights."""
    import tensorcircuit as tc

    backend = tc.set_backend("jax")

    def run(x: Any, w: Any) -> Any:
        circuit, taken = tc.Circuit(num_qubits), iter(range(4 * num_qubits))
        for _ in range(2):
            for q in range(num_qubits):
                circuit.h(q)
                circuit.phase(q, theta=2 * x[q])
            for q in range(num_qubits - 1):
                circuit.cnot(q, q + 1)
                circuit.phase(q + 1, theta=2 * (np.pi - x[q]) * (np.pi - x[q + 1]))
                circuit.cnot(q, q + 1)
        for layer in range(4):
            for q in range(num_qubits):
                circuit.ry(q, theta=w[next(taken)])
            for q in range(num_qubits - 1 if layer < 3 else 0):
                circuit.cnot(q, q + 1)
        return backend.real(circuit.expectation_ps(z=[0]))

    return run


def tensorcircuit_ansatz(num_qubits: int, layers: int) -> Callable:
    """The energy of the ansatz in tensorcircuit-ng, from the state."""
    import tensorcircuit as tc

    backend = tc.set_backend("jax")

    def run(angles: Any) -> Any:
        circuit, taken = tc.Circuit(num_qubits), iter(range(len(angles)))
        for layer in range(layers + 1):
            for q in range(num_qubits):
                circuit.ry(q, theta=angles[next(taken)])
            for q in range(num_qubits):
                circuit.rz(q, theta=angles[next(taken)])
            for q in range(num_qubits - 1 if layer < layers else 0):
                circuit.cnot(q, q + 1)
        final = tc.Circuit(num_qubits, inputs=circuit.state())
        bonds = sum(final.expectation_ps(z=[q, q + 1]) for q in range(num_qubits - 1))
        fields = sum(final.expectation_ps(x=[q]) for q in range(num_qubits))
        return backend.real(-bonds - 0.7 * fields)

    return run
