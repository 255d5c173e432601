"""Simon: find the period of a function over bit strings in n calls instead of 2^(n/2)."""

from __future__ import annotations

from collections.abc import Iterable

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError

__all__ = ["simon", "simon_oracle", "solve_simon"]


def simon_oracle(secret: str) -> QuantumCircuit:
    """A two-to-one function with f(x) = f(x ⊕ secret), on n input and n output qubits.

    Args:
        secret: bits, the last letter for qubit 0; at least one of them 1.

    Raises:
        ArgumentError: if the secret is all zero, or holds other letters.

    Example:
        >>> simon_oracle("110").num_qubits
        6
    """
    if set(secret) - {"0", "1"} or "1" not in secret:
        raise ArgumentError("secret", required="bits with at least one 1", got=secret)
    size, bits = len(secret), secret[::-1]
    oracle = QuantumCircuit(2 * size, name="Simon's f")
    oracle.cx(range(size), range(size, 2 * size))  # f(x) = x …
    pivot = bits.index("1")
    for qubit, bit in enumerate(bits):  # … but x ⊕ secret wherever x has the pivot bit
        if bit == "1":
            oracle.cx(pivot, size + qubit)
    return oracle


def simon(oracle: QuantumCircuit) -> QuantumCircuit:
    """One call of the oracle; every outcome y obeys y · secret = 0 mod 2.

    Source:
        Simon, SIAM J. Comput. 26, 1474 (1997), section 3.1.

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> sorted(outcome_probabilities(simon(simon_oracle("110"))))
        ['000', '001', '110', '111']
    """
    size = oracle.num_qubits // 2
    circuit = QuantumCircuit(2 * size, size, name="Simon")
    circuit.h(range(size))
    circuit.compose(oracle, inplace=True)
    circuit.h(range(size))
    circuit.measure(range(size), range(size))
    return circuit


def solve_simon(outcomes: Iterable[str]) -> str | None:
    """The only non-zero secret orthogonal to all outcomes; None while several are possible.

    Gaussian elimination over the field of two elements.

    Raises:
        ArgumentError: if there are no outcomes, or only zero is orthogonal to all of them.

    Example:
        >>> solve_simon(["001", "110", "111"]), solve_simon(["001", "001"])
        ('110', None)
    """
    rows = list(outcomes)
    if not rows:
        raise ArgumentError("outcomes", required="at least one measured bit string", got=rows)
    size, basis = len(rows[0]), _reduced_basis(int(row, 2) for row in rows)
    if len(basis) >= size:
        raise ArgumentError("outcomes", required="orthogonal to a non-zero secret", got=rows)
    if len(basis) < size - 1:
        return None
    pivots = {row.bit_length() - 1: row for row in basis}
    free = next(bit for bit in range(size) if bit not in pivots)
    secret = 1 << free
    for pivot, row in pivots.items():
        secret |= ((row >> free) & 1) << pivot
    return format(secret, f"0{size}b")


def _reduced_basis(rows: Iterable[int]) -> list[int]:
    """A reduced basis: the leading bit of each vector is set in that vector only."""
    basis: list[int] = []
    for vector in rows:
        row = vector
        for other in basis:
            row = min(row, row ^ other)  # clears other's leading bit in row
        if row:
            lead = 1 << (row.bit_length() - 1)
            basis = [other ^ row if other & lead else other for other in basis]
            basis.append(row)
    return basis
