"""Phase estimation: read the eigenvalue of a unitary as a binary number."""

from __future__ import annotations

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import UnitaryGate

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.qft import qft

__all__ = ["controlled", "phase_distribution", "phase_estimation"]


def phase_estimation(
    unitary: np.ndarray, preparation: QuantumCircuit, num_counting: int, *, measure: bool = True
) -> QuantumCircuit:
    """Estimate φ in U|u⟩ = e^(2πiφ)|u⟩; the measured integer y stands for φ ≈ y / 2^t.

    Qubits 0 … t − 1 count (qubit j controls U^(2^j)); the others carry |u⟩. The powers of U
    are computed as matrices: this circuit teaches and checks; how to build U^(2^j) from few
    gates is what makes an application fast, and is not solved here.

    Args:
        unitary: U, of shape (2^m, 2^m).
        preparation: a circuit of m qubits that prepares |u⟩ or a mixture of eigenvectors.
        num_counting: t.
        measure: add the measurement of the counting qubits.

    Raises:
        ArgumentError: if U is not unitary or does not fit the preparation.

    Source:
        Cleve, Ekert, Macchiavello and Mosca, Proc. R. Soc. A 454, 339 (1998); Nielsen and
        Chuang, section 5.2, figures 5.2 and 5.3.

    Example:
        >>> import numpy as np
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> one = QuantumCircuit(1)
        >>> _ = one.x(0)
        >>> t_gate = np.diag([1, np.exp(2j * np.pi / 8)])
        >>> list(outcome_probabilities(phase_estimation(t_gate, one, 3)))
        ['001']
    """
    power = _checked(unitary, preparation.num_qubits)
    counting = QuantumRegister(num_counting, "count")
    target = QuantumRegister(preparation.num_qubits, "u")
    circuit = QuantumCircuit(counting, target, name="phase estimation")
    circuit.compose(preparation, target, inplace=True)
    circuit.h(counting)
    for qubit in range(num_counting):
        circuit.append(controlled(power, f"U^{2**qubit}"), [*target, counting[qubit]])
        power = power @ power
    circuit.compose(qft(num_counting, inverse=True), counting, inplace=True)
    if measure:
        circuit.add_register(ClassicalRegister(num_counting, "y"))
        circuit.measure(counting, range(num_counting))
    return circuit


def phase_distribution(phase: float, num_counting: int) -> np.ndarray:
    """The exact probability of each outcome y for an eigenvector of phase φ.

    P(y) = |Σ_k e^(2πik(φ − y/N)) / N|² with N = 2^t, the Fejér kernel.

    Returns:
        Probabilities of shape (2^t,).

    Source:
        Nielsen and Chuang, equation 5.27.

    Example:
        >>> phase_distribution(0.25, 2).round(6).tolist()
        [0.0, 1.0, 0.0, 0.0]
    """
    size = 2**num_counting
    k = np.arange(size)
    offsets = phase - np.arange(size) / size
    return np.abs(np.exp(2j * np.pi * np.outer(offsets, k)).mean(axis=1)) ** 2


def controlled(matrix: np.ndarray, label: str) -> UnitaryGate:
    """The gate diag(I, U): U acts on the first qubits when the last, the control, is 1."""
    size = len(matrix)
    block = np.eye(2 * size, dtype=complex)
    block[size:, size:] = matrix
    return UnitaryGate(block, label=label, check_input=False)


def _checked(unitary: np.ndarray, num_qubits: int) -> np.ndarray:
    matrix = np.asarray(unitary, dtype=complex)
    size = 2**num_qubits
    if matrix.shape != (size, size):
        raise ArgumentError(
            "unitary", required=f"of shape {(size, size)}, like the preparation", got=matrix.shape
        )
    if not np.allclose(matrix @ matrix.conj().T, np.eye(size), atol=1e-8):
        raise ArgumentError("unitary", required="unitary: U U† = I to 1e-8", got=matrix)
    return matrix
