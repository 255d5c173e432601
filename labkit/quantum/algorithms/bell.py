"""The four Bell states: two qubits, perfectly correlated, neither in a state of its own."""

from __future__ import annotations

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError

__all__ = ["bell"]


def bell(phase: int = 0, parity: int = 0) -> QuantumCircuit:
    """Prepare the Bell state (|0, parity⟩ + (−1)^phase |1, 1 − parity⟩)/√2.

    The first letter of the ket is qubit 0. ``bell()`` is Φ⁺, the state most often meant.

    Args:
        phase: 0 or 1, the relative sign.
        parity: 0 for equal bits (Φ), 1 for opposite bits (Ψ).

    Raises:
        ArgumentError: if an argument is not 0 or 1.

    Source:
        Nielsen and Chuang, Quantum Computation and Quantum Information (2010), section 1.3.6.

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> sorted(outcome_probabilities(bell(parity=1)))
        ['01', '10']
    """
    for name, bit in (("phase", phase), ("parity", parity)):
        if bit not in (0, 1):
            raise ArgumentError(name, required="0 or 1", got=bit)
    circuit = QuantumCircuit(2, name="Bell")
    if phase:
        circuit.x(0)
    if parity:
        circuit.x(1)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit
