"""The Greenberger-Horne-Zeilinger state: all qubits 0, or all 1, undecided."""

from __future__ import annotations

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError

__all__ = ["ghz"]


def ghz(num_qubits: int) -> QuantumCircuit:
    """Prepare (|00…0⟩ + |11…1⟩)/√2 with one Hadamard and a chain of CNOTs.

    Raises:
        ArgumentError: for fewer than two qubits.

    Source:
        Greenberger, Horne, Shimony and Zeilinger, Am. J. Phys. 58, 1131 (1990).

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> sorted(outcome_probabilities(ghz(4)))
        ['0000', '1111']
    """
    if num_qubits < 2:
        raise ArgumentError("num_qubits", required="at least 2", got=num_qubits)
    circuit = QuantumCircuit(num_qubits, name="GHZ")
    circuit.h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit
