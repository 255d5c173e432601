"""The quantum Fourier transform: the DFT of 2^n amplitudes with n(n+1)/2 gates."""

from __future__ import annotations

import math

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError

__all__ = ["qft"]


def qft(num_qubits: int, *, inverse: bool = False, swaps: bool = True) -> QuantumCircuit:
    """|x⟩ → 2^(−n/2) Σ_y e^(2πi xy/2^n) |y⟩, numbers little-endian (qubit 0 is the last bit).

    Args:
        num_qubits: n, at least 1.
        inverse: build the adjoint.
        swaps: end with the swaps that put the bits back in order; without them the output
            bits are reversed, which a caller can often absorb for free.

    Raises:
        ArgumentError: if num_qubits is not positive.

    Source:
        Coppersmith, IBM RC 19642 (1994); Nielsen and Chuang, section 5.1, figure 5.1.

    Example:
        >>> qft(3).count_ops()["cp"], qft(3).count_ops()["h"]
        (3, 3)
    """
    if num_qubits < 1:
        raise ArgumentError("num_qubits", required="at least 1", got=num_qubits)
    circuit = QuantumCircuit(num_qubits, name="QFT")
    for target in reversed(range(num_qubits)):
        circuit.h(target)
        for control in reversed(range(target)):
            circuit.cp(math.pi / 2 ** (target - control), control, target)
    if swaps:
        for qubit in range(num_qubits // 2):
            circuit.swap(qubit, num_qubits - 1 - qubit)
    if inverse:
        circuit = circuit.inverse()
        circuit.name = "QFT†"
    return circuit
