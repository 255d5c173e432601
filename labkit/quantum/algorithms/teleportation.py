"""Teleportation: one shared Bell pair and two classical bits move an unknown qubit."""

from __future__ import annotations

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from labkit.errors import ArgumentError

__all__ = ["teleportation"]


def teleportation(message: QuantumCircuit, *, deferred: bool = False) -> QuantumCircuit:
    """Send the one-qubit state that ``message`` prepares from qubit 0 to qubit 2.

    Args:
        message: a one-qubit circuit without measurements.
        deferred: replace the two measurements and Bob's conditional gates by controlled
            gates (the principle of deferred measurement), which leaves a circuit without
            feed-forward, the same state on qubit 2, and nothing classical.

    Raises:
        ArgumentError: if the message is not one qubit.

    Source:
        Bennett et al., Phys. Rev. Lett. 70, 1895 (1993); Nielsen and Chuang, section 1.3.7,
        and section 4.4 for deferred measurement.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> message = QuantumCircuit(1)
        >>> _ = message.ry(0.4, 0)
        >>> teleportation(message).num_clbits, teleportation(message, deferred=True).num_clbits
        (2, 0)
    """
    if message.num_qubits != 1 or message.num_clbits:
        raise ArgumentError("message", required="a circuit of one qubit", got=message.name)
    qubits = QuantumRegister(1, "message"), QuantumRegister(1, "alice"), QuantumRegister(1, "bob")
    circuit = QuantumCircuit(*qubits, name="teleportation")
    circuit.compose(message, [0], inplace=True)
    circuit.h(1)
    circuit.cx(1, 2)  # the pair that Alice and Bob share
    circuit.cx(0, 1)
    circuit.h(0)  # Alice's two qubits are now in the Bell basis
    if deferred:
        circuit.cx(1, 2)
        circuit.cz(0, 2)
        return circuit
    sent = ClassicalRegister(2, "sent")
    circuit.add_register(sent)
    circuit.measure([0, 1], sent)
    with circuit.if_test((sent[1], 1)):
        circuit.x(2)
    with circuit.if_test((sent[0], 1)):
        circuit.z(2)
    return circuit
