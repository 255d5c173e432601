"""Superdense coding: one qubit carries two classical bits, given a shared Bell pair."""

from __future__ import annotations

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError

__all__ = ["superdense"]


def superdense(bits: str) -> QuantumCircuit:
    """Send two bits through one qubit; the measurement reads them back with certainty.

    Qubit 0 is Alice's: only she touches it between the pair and the decoding.

    Args:
        bits: "00", "01", "10" or "11".

    Raises:
        ArgumentError: for any other text.

    Source:
        Bennett and Wiesner, Phys. Rev. Lett. 69, 2881 (1992); Nielsen and Chuang, section 2.3.

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> list(outcome_probabilities(superdense("10")))
        ['10']
    """
    if len(bits) != 2 or set(bits) - {"0", "1"}:
        raise ArgumentError("bits", required="two of the letters 0 and 1", got=bits)
    circuit = QuantumCircuit(2, 2, name="superdense")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.barrier()
    if bits[0] == "1":
        circuit.x(0)
    if bits[1] == "1":
        circuit.z(0)
    circuit.barrier()
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    return circuit
