"""Harrow-Hassidim-Lloyd: the solution of A x = b as the amplitudes of a state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit.library import StatePreparation, UCRYGate
from qiskit.quantum_info import Statevector
from scipy.linalg import expm

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.phase_estimation import phase_estimation

__all__ = ["HHLSolution", "hhl", "solve_hhl"]


@dataclass(frozen=True)
class HHLSolution:
    """What the state after HHL says, read exactly from the simulated amplitudes.

    Attributes:
        solution: the estimate of x, of shape (2^m,).
        success_probability: the chance that the flag qubit is measured as 1.
    """

    solution: np.ndarray
    success_probability: float


def hhl(
    matrix: np.ndarray, vector: np.ndarray, num_clock: int, *, evolution_time: float
) -> QuantumCircuit:
    """Phase estimation of e^(iAt), a rotation by 1/λ, and phase estimation undone.

    When the flag (the last qubit) is 1 and the clock back at 0, the first qubits hold x up to
    norm. A toy: e^(iAt) is computed as a matrix, b is loaded amplitude by amplitude, and
    reading all of x out again costs what was gained; see Aaronson, Nature Physics 11, 291 (2015).

    Args:
        matrix: A, Hermitian and positive definite, of shape (2^m, 2^m).
        vector: b, of shape (2^m,), not zero.
        num_clock: clock qubits t; λ · evolution_time · 2^t / 2π should be whole numbers
            between 1 and 2^t − 1 for an exact answer.
        evolution_time: the time in e^(iA·time), at most 2π/λ_max (beyond it phases wrap).

    Raises:
        ArgumentError: if the matrix is not Hermitian and positive definite, or phases wrap.

    Source:
        Harrow, Hassidim and Lloyd, Phys. Rev. Lett. 103, 150502 (2009).

    Example:
        >>> import numpy as np
        >>> circuit = hhl(np.diag([1.0, 2.0]), np.ones(2), 2, evolution_time=np.pi / 2)
        >>> circuit.num_qubits
        4
    """
    _check(matrix, evolution_time)
    num_system = len(vector).bit_length() - 1
    load = QuantumCircuit(num_system)
    load.append(StatePreparation(np.asarray(vector) / np.linalg.norm(vector)), range(num_system))
    evolution = expm(1j * np.asarray(matrix) * evolution_time)
    estimate = phase_estimation(evolution, QuantumCircuit(num_system), num_clock, measure=False)
    system, clock = QuantumRegister(num_system, "x"), QuantumRegister(num_clock, "clock")
    flag = QuantumRegister(1, "flag")
    circuit = QuantumCircuit(system, clock, flag, name="HHL")
    circuit.compose(load, system, inplace=True)
    circuit.compose(estimate, [*clock, *system], inplace=True)
    circuit.append(UCRYGate(_inversion_angles(num_clock)), [*flag, *clock])
    circuit.compose(estimate.inverse(), [*clock, *system], inplace=True)
    return circuit


def solve_hhl(
    matrix: np.ndarray, vector: np.ndarray, num_clock: int, *, evolution_time: float
) -> HHLSolution:
    """Run `hhl` on exact amplitudes and undo the scaling, so that the answer is x itself.

    Example:
        >>> import numpy as np
        >>> answer = solve_hhl(np.diag([1.0, 2.0]), np.ones(2), 2, evolution_time=np.pi / 2)
        >>> answer.solution.real.round(6).tolist()
        [1.0, 0.5]
    """
    state = Statevector(hhl(matrix, vector, num_clock, evolution_time=evolution_time)).data
    size = len(vector)
    flagged = state.reshape(2, 2**num_clock, size)[1]
    # A clock reading k stands for λ = 2πk / (time · 2^t), and the flag's amplitude is 1/k.
    scale = np.linalg.norm(vector) * evolution_time * 2**num_clock / (2 * np.pi)
    return HHLSolution(flagged[0] * scale, float(np.sum(np.abs(flagged) ** 2)))


def _inversion_angles(num_clock: int) -> list[float]:
    """The angle for each clock reading k: sin(angle/2) = 1/k, and nothing for k = 0."""
    readings = np.arange(1, 2**num_clock)
    return [0.0, *(2 * np.arcsin(1 / readings))]


def _check(matrix: np.ndarray, evolution_time: float) -> None:
    array = np.asarray(matrix)
    if not np.allclose(array, array.conj().T):
        raise ArgumentError("matrix", required="Hermitian", got=matrix)
    eigenvalues = np.linalg.eigvalsh(array)
    if eigenvalues[0] <= 0:
        raise ArgumentError("matrix", required="positive definite", got=matrix)
    if eigenvalues[-1] * evolution_time >= 2 * np.pi:
        raise ArgumentError(
            "evolution_time",
            required=f"below 2π/λ_max = {2 * np.pi / eigenvalues[-1]:.4g}",
            got=evolution_time,
        )
