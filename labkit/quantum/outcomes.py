"""What a measured circuit will show: exact outcome probabilities, no shots."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from labkit.errors import CircuitError

__all__ = ["outcome_probabilities"]


def outcome_probabilities(circuit: QuantumCircuit, *, threshold: float = 1e-12) -> dict[str, float]:
    """The probability of each bit string that the circuit's final measurements can give.

    A circuit without measurements is read as if all its qubits were measured. Bit strings
    are written as Qiskit writes counts: the highest bit first, no space between registers.

    Args:
        circuit: no parameters left free, and nothing after a measurement of the same qubit.
        threshold: outcomes with a smaller probability are left out.

    Raises:
        CircuitError: for a reset, control flow, or a gate after a measurement; such a circuit
            is run shot by shot by Qiskit Aer.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> bell = QuantumCircuit(2)
        >>> _ = bell.h(0), bell.cx(0, 1)
        >>> {bits: round(p, 3) for bits, p in outcome_probabilities(bell).items()}
        {'00': 0.5, '11': 0.5}
    """
    unitary, measured = _split(circuit)
    qubits = [measured[bit] for bit in sorted(measured)] or list(range(circuit.num_qubits))
    probabilities = np.asarray(Statevector(unitary).probabilities(qubits))
    width = len(qubits)
    return {
        format(index, f"0{width}b"): float(probability)
        for index, probability in enumerate(probabilities)
        if probability > threshold
    }


def _split(circuit: QuantumCircuit) -> tuple[QuantumCircuit, dict[int, int]]:
    """The circuit without its final measurements, and which qubit each classical bit reads."""
    unitary, measured = circuit.copy_empty_like(), {}
    done: set[int] = set()
    for instruction in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        name = instruction.operation.name
        if name == "barrier":
            continue
        if name == "reset" or hasattr(instruction.operation, "blocks") or done & set(qubits):
            raise CircuitError(
                f"{name} on qubits {qubits} makes this circuit dynamic: its outcomes have no "
                "single state vector. Run it shot by shot with qiskit_aer.AerSimulator."
            )
        if name == "measure":
            measured[circuit.find_bit(instruction.clbits[0]).index] = qubits[0]
            done.add(qubits[0])
        else:
            unitary.append(instruction)
    return unitary, measured
