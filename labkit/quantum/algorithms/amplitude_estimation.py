"""Amplitude estimation: a probability to error ε with 1/ε calls where sampling takes 1/ε²."""

from __future__ import annotations

import math

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.phase_estimation import phase_estimation

__all__ = ["amplitude_error_bound", "amplitude_estimation", "amplitude_from_outcome"]


def amplitude_estimation(
    preparation: QuantumCircuit, num_counting: int, *, good_qubit: int = -1
) -> QuantumCircuit:
    """Estimate a = P(good qubit is 1) after ``preparation``, by phase estimation of Grover's step.

    The step Q = A (2|0⟩⟨0| − I) A† (I − 2P) turns the plane of good and bad states by 2θ
    with a = sin² θ, so its eigenphases are ±θ/π and an outcome y stands for sin²(πy/2^t).

    Args:
        preparation: A, without measurements.
        num_counting: t; Q is used 2^t − 1 times.
        good_qubit: the qubit of A whose 1 marks a good state; negative counts from the end.

    Raises:
        ArgumentError: if good_qubit is not a qubit of the preparation.

    Source:
        Brassard, Høyer, Mosca and Tapp, Contemp. Math. 305, 53 (2002), section 4.

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> coin = QuantumCircuit(1)
        >>> _ = coin.ry(math.pi / 2, 0)
        >>> outcomes = outcome_probabilities(amplitude_estimation(coin, 3))
        >>> {round(amplitude_from_outcome(y), 3) for y in outcomes}
        {0.5}
    """
    size = preparation.num_qubits
    if not -size <= good_qubit < size:
        raise ArgumentError("good_qubit", required=f"in {-size} … {size - 1}", got=good_qubit)
    circuit = phase_estimation(_step(preparation, good_qubit % size), preparation, num_counting)
    circuit.name = "amplitude estimation"
    return circuit


def amplitude_from_outcome(outcome: str) -> float:
    """sin²(πy / 2^t) for the measured integer y.

    Example:
        >>> round(amplitude_from_outcome("010"), 3)
        0.5
    """
    return math.sin(math.pi * int(outcome, 2) / 2 ** len(outcome)) ** 2


def amplitude_error_bound(amplitude: float, num_counting: int) -> float:
    """|ã − a| ≤ 2π√(a(1 − a))/M + π²/M² with probability at least 8/π² ≈ 0.81; M = 2^t.

    Source:
        Brassard et al. (2002), theorem 12 with k = 1.

    Example:
        >>> round(amplitude_error_bound(0.5, 5), 3)
        0.108
    """
    calls = 2**num_counting
    return 2 * math.pi * math.sqrt(amplitude * (1 - amplitude)) / calls + (math.pi / calls) ** 2


def _step(preparation: QuantumCircuit, good_qubit: int) -> np.ndarray:
    """Grover's step as a matrix of shape (2^m, 2^m)."""
    unitary = Operator(preparation).data
    size = len(unitary)
    good = (np.arange(size) >> good_qubit) & 1
    about_zero = -np.eye(size)
    about_zero[0, 0] = 1
    return unitary @ about_zero @ unitary.conj().T @ np.diag(1.0 - 2.0 * good)
