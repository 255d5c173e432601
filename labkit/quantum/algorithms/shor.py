"""Shor's order finding: factor 15 and 21 by the period of a^x mod N."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from qiskit import QuantumCircuit

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.phase_estimation import phase_estimation

__all__ = ["factors_from_order", "order_finding", "order_from_outcome"]


def order_finding(base: int, modulus: int, *, num_counting: int | None = None) -> QuantumCircuit:
    """Phase estimation of |y⟩ → |base · y mod modulus⟩ started in |1⟩.

    |1⟩ is an equal superposition of the r eigenvectors with phases s/r, so an outcome y
    over 2^t is close to some s/r; `order_from_outcome` recovers r from it. The modular
    multiplications are permutation matrices, which is honest for N = 15 and 21 and would
    defeat the purpose for large N, where they are built from adders.

    Args:
        base: between 2 and modulus − 1, without a common factor with it.
        modulus: the number to factor.
        num_counting: counting qubits; 2⌈log₂ modulus⌉ by default, as in the textbook.

    Raises:
        ArgumentError: if base and modulus share a factor (which already factors modulus).

    Source:
        Shor, SIAM J. Comput. 26, 1484 (1997), section 5; Nielsen and Chuang, section 5.3.1.

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> sorted(outcome_probabilities(order_finding(7, 15, num_counting=4)))
        ['0000', '0100', '1000', '1100']
    """
    if not 1 < base < modulus or math.gcd(base, modulus) != 1:
        raise ArgumentError(
            "base",
            required=f"between 2 and {modulus - 1} and coprime to {modulus}",
            got=base,
            fix=f"gcd(base, modulus) = {math.gcd(base, modulus)}.",
        )
    num_bits = (modulus - 1).bit_length()
    one = QuantumCircuit(num_bits)
    one.x(0)
    multiply = _multiplication(base, modulus, num_bits)
    circuit = phase_estimation(multiply, one, num_counting or 2 * num_bits)
    circuit.name = f"order of {base} mod {modulus}"
    return circuit


def order_from_outcome(outcome: str, base: int, modulus: int) -> int | None:
    """The order r of ``base``, or None when this outcome does not reveal it.

    The continued fraction of y/2^t gives candidates s/r with r < modulus; multiples of r
    are tried because s and r may share a factor.

    Source:
        Nielsen and Chuang, theorem 5.1 and section 5.3.1.

    Example:
        >>> order_from_outcome("0100", 7, 15), order_from_outcome("0000", 7, 15)
        (4, None)
    """
    phase = Fraction(int(outcome, 2), 2 ** len(outcome))
    candidate = phase.limit_denominator(modulus - 1).denominator
    if candidate == 1:
        return None
    for order in range(candidate, modulus, candidate):
        if pow(base, order, modulus) == 1:
            return order
    return None


def factors_from_order(order: int, base: int, modulus: int) -> tuple[int, int] | None:
    """The two factors gcd(a^(r/2) ± 1, N), or None for an order that gives none.

    Source:
        Nielsen and Chuang, theorem 5.2.

    Example:
        >>> factors_from_order(4, 7, 15), factors_from_order(6, 2, 21)
        ((3, 5), (7, 3))
    """
    if order % 2:
        return None
    half = pow(base, order // 2, modulus)
    first, second = math.gcd(half - 1, modulus), math.gcd(half + 1, modulus)
    return (first, second) if first * second == modulus and 1 not in (first, second) else None


def _multiplication(base: int, modulus: int, num_bits: int) -> np.ndarray:
    """The permutation y → base · y mod modulus; numbers from modulus on stay where they are."""
    size = 2**num_bits
    image = [base * y % modulus if y < modulus else y for y in range(size)]
    matrix = np.zeros((size, size))
    matrix[image, range(size)] = 1
    return matrix
