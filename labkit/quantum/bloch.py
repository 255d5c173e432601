"""Where each qubit points: Bloch vectors of a pure or mixed state."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from qiskit.quantum_info import DensityMatrix, Statevector, partial_trace

__all__ = ["bloch_vectors"]


def bloch_vectors(state: ArrayLike) -> np.ndarray:
    """⟨X⟩, ⟨Y⟩, ⟨Z⟩ of every qubit on its own.

    A pure qubit has length 1; an entangled one is shorter, for part of what can be known of
    it is in the correlation with others.

    Args:
        state: amplitudes of shape (2^n,), or a density matrix of shape (2^n, 2^n).

    Returns:
        Shape (n, 3), qubit 0 first.

    Source:
        Nielsen and Chuang, Quantum Computation and Quantum Information (2010), exercise 2.72.

    Example:
        >>> bloch_vectors([1, 0, 0, 0]).tolist()  # |00⟩
        [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
        >>> bloch_vectors(np.array([1, 0, 0, 1]) / np.sqrt(2)).round(6).any()  # a Bell pair
        np.False_
    """
    array = np.asarray(state, dtype=complex)
    quantum_state = Statevector(array) if array.ndim == 1 else DensityMatrix(array)
    qubits = range(quantum_state.num_qubits)
    vectors = []
    for qubit in qubits:
        density = partial_trace(quantum_state, [other for other in qubits if other != qubit]).data
        x, y = 2 * density[1, 0].real, 2 * density[1, 0].imag
        vectors.append((x, y, (density[0, 0] - density[1, 1]).real))
    return np.array(vectors)
