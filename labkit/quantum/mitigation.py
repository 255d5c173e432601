"""Error mitigation: answers nearer to the noiseless ones, paid for with more shots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from scipy.optimize import nnls

from labkit.errors import ArgumentError

__all__ = [
    "Extrapolation",
    "expectation_from_counts",
    "fold",
    "mitigate_readout",
    "readout_matrix",
    "zero_noise_extrapolation",
]


@dataclass(frozen=True)
class Extrapolation:
    """A zero-noise estimate and the measurements it was drawn through.

    Attributes:
        value: the estimate at noise factor 0.
        factors: the noise factors measured, of shape (k,).
        measured: the value at each, of shape (k,).
        variance_factor: variance of the estimate over the variance of one measurement.
    """

    value: float
    factors: np.ndarray
    measured: np.ndarray
    variance_factor: float


def fold(circuit: QuantumCircuit, factor: int) -> QuantumCircuit:
    """C (C† C)^k with factor = 2k + 1: the same unitary with ``factor`` times its noise.

    Args:
        circuit: without measurements.
        factor: odd and positive.

    Raises:
        ArgumentError: if factor is not odd and positive.

    Source:
        Giurgica-Tiron et al., IEEE QCE 2020, section II.A (circuit folding).

    Example:
        >>> from labkit.quantum.algorithms import bell
        >>> fold(bell(), 3).count_ops()["cx"]
        3
    """
    if factor < 1 or factor % 2 == 0:
        raise ArgumentError("factor", required="odd and positive", got=factor)
    folded, inverse = circuit.copy(), circuit.inverse()
    for _ in range(factor // 2):
        folded.barrier()
        folded.compose(inverse, inplace=True)
        folded.barrier()
        folded.compose(circuit, inplace=True)
    return folded


def zero_noise_extrapolation(
    measure: Callable[[int], float],
    factors: Sequence[int] = (1, 3, 5),
    *,
    degree: int | None = None,
) -> Extrapolation:
    """Measure at several noise factors and extrapolate a polynomial to factor 0.

    Args:
        measure: noise factor → expectation value (run the `fold`-ed circuit).
        factors: where to measure.
        degree: of the polynomial fitted by least squares; by default the highest, which goes
            through every point (Richardson). Higher degrees have less bias, more variance.

    Raises:
        ArgumentError: if degree is not below the number of factors.

    Source:
        Temme, Bravyi and Gambetta, Phys. Rev. Lett. 119, 180509 (2017).

    Example:
        >>> round(zero_noise_extrapolation(lambda x: 1 - 0.1 * x + 0.01 * x**2).value, 6)
        1.0
    """
    degree = len(factors) - 1 if degree is None else degree
    if not 0 <= degree < len(factors):
        raise ArgumentError("degree", required=f"in 0 … {len(factors) - 1}", got=degree)
    measured = np.array([measure(factor) for factor in factors])
    points = np.vander(np.asarray(factors, dtype=float), degree + 1, increasing=True)
    weights = np.linalg.pinv(points)[0]  # the fitted value at 0 is weights · measured
    return Extrapolation(
        float(weights @ measured), np.asarray(factors), measured, float(weights @ weights)
    )


def readout_matrix(flip_probabilities: Sequence[tuple[float, float]]) -> np.ndarray:
    """P(read | prepared) of independent qubits, column by column.

    Args:
        flip_probabilities: for each qubit from 0 on, P(1 read | 0) and P(0 read | 1).

    Returns:
        Shape (2^n, 2^n); every column sums to 1.

    Example:
        >>> readout_matrix([(0.1, 0.2)]).tolist()
        [[0.9, 0.2], [0.1, 0.8]]
    """
    matrix: np.ndarray = np.ones((1, 1))
    for up, down in flip_probabilities:
        matrix = np.kron([[1 - up, down], [up, 1 - down]], matrix)
    return matrix


def mitigate_readout(counts: Mapping[str, float | int], matrix: np.ndarray) -> dict[str, float]:
    """The non-negative distribution that best explains the counts through ``matrix``.

    Non-negative least squares, then scaled to sum to 1: inverting the matrix alone can give
    negative probabilities.

    Args:
        counts: bit string → count.
        matrix: from `readout_matrix`, or measured basis state by basis state.

    Raises:
        ArgumentError: if the matrix does not fit the bit strings.

    Source:
        Maciejewski, Zimborás and Oszmaniec, Quantum 4, 257 (2020), section 3.

    Example:
        >>> mitigate_readout({"0": 90, "1": 10}, readout_matrix([(0.1, 0.1)]))
        {'0': 1.0}
    """
    width = len(next(iter(counts)))
    if matrix.shape != (2**width, 2**width):
        raise ArgumentError("matrix", required=f"of shape {(2**width, 2**width)}", got=matrix.shape)
    observed = np.zeros(2**width)
    for bits, count in counts.items():
        observed[int(bits, 2)] = count
    solution, _ = nnls(matrix, observed / observed.sum())
    solution /= solution.sum()
    return {
        format(index, f"0{width}b"): float(value)
        for index, value in enumerate(solution)
        if value > 1e-12
    }


def expectation_from_counts(counts: Mapping[str, float | int], qubits: Sequence[int]) -> float:
    """⟨Z…Z⟩ over ``qubits`` from counts or probabilities.

    Example:
        >>> expectation_from_counts({"00": 60, "01": 40}, [0])
        0.2
    """
    total = signed = 0.0
    for bits, count in counts.items():
        ones = sum(bits[-1 - qubit] == "1" for qubit in qubits)
        signed += -count if ones % 2 else count
        total += count
    return signed / total
