"""Circuits with parameters to train."""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from labkit.errors import ArgumentError

__all__ = ["hardware_efficient", "product_ansatz", "tfim_variational"]


def hardware_efficient(num_qubits: int, layers: int, *, name: str = "θ") -> QuantumCircuit:
    """Layers of RY and RZ on every qubit and a ladder of CZ; one more rotation layer ends it.

    Args:
        num_qubits: at least 1.
        layers: entangling layers; there are 2 · num_qubits · (layers + 1) parameters.
        name: of the parameter vector.

    Raises:
        ArgumentError: for no qubits or negative layers.

    Source:
        Kandala et al., Nature 549, 242 (2017), with CZ for the entangler.

    Example:
        >>> hardware_efficient(3, 2).num_parameters
        18
    """
    if num_qubits < 1 or layers < 0:
        raise ArgumentError("num_qubits, layers", required="at least 1 and 0",
                            got=(num_qubits, layers))  # fmt: skip
    angles = iter(ParameterVector(name, 2 * num_qubits * (layers + 1)))
    circuit = QuantumCircuit(num_qubits, name="hardware efficient")
    for layer in range(layers + 1):
        for qubit in range(num_qubits):
            circuit.ry(next(angles), qubit)
            circuit.rz(next(angles), qubit)
        if layer < layers:
            for qubit in range(num_qubits - 1):
                circuit.cz(qubit, qubit + 1)
    return circuit


def product_ansatz(num_qubits: int) -> QuantumCircuit:
    """RY on every qubit: no entanglement, so that VQE on it is mean-field theory.

    Spins stay in the plane of X and Z, which holds the lowest product state of real Hamiltonians
    such as the transverse-field Ising model.

    Example:
        >>> product_ansatz(4).num_parameters
        4
    """
    circuit = QuantumCircuit(num_qubits, name="product")
    for qubit, angle in enumerate(ParameterVector("θ", num_qubits)):
        circuit.ry(angle, qubit)
    return circuit


def tfim_variational(num_qubits: int, layers: int) -> QuantumCircuit:
    """Alternate the two halves of the Ising model on a ring: 2 parameters per layer.

    With num_qubits / 2 layers it contains the exact ground state of any transverse field.

    Source:
        Wecker, Hastings and Troyer, Phys. Rev. A 92, 042303 (2015); Ho and Hsieh, SciPost
        Phys. 6, 029 (2019), for the depth.

    Example:
        >>> tfim_variational(4, 2).num_parameters
        4
    """
    angles = ParameterVector("θ", 2 * layers)
    circuit = QuantumCircuit(num_qubits, name="Hamiltonian variational")
    circuit.h(range(num_qubits))
    for layer in range(layers):
        for qubit in range(num_qubits):
            circuit.rzz(angles[2 * layer], qubit, (qubit + 1) % num_qubits)
        circuit.rx(angles[2 * layer + 1], range(num_qubits))
    return circuit
