"""Deutsch-Jozsa: constant or balanced, told apart with one call of the function."""

from __future__ import annotations

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError

__all__ = ["balanced_oracle", "constant_oracle", "deutsch_jozsa"]


def constant_oracle(num_inputs: int, value: int) -> QuantumCircuit:
    """|x, y⟩ → |x, y ⊕ value⟩; the last qubit is y.

    Example:
        >>> constant_oracle(2, 1).count_ops()["x"]
        1
    """
    if value not in (0, 1):
        raise ArgumentError("value", required="0 or 1", got=value)
    oracle = QuantumCircuit(num_inputs + 1, name=f"f = {value}")
    if value:
        oracle.x(num_inputs)
    return oracle


def balanced_oracle(mask: str) -> QuantumCircuit:
    """|x, y⟩ → |x, y ⊕ (mask · x mod 2)⟩: half of all inputs give 1.

    Args:
        mask: bits, the last letter for qubit 0; at least one of them 1.

    Raises:
        ArgumentError: if the mask is empty, all zero, or holds other letters.

    Example:
        >>> balanced_oracle("101").count_ops()["cx"]
        2
    """
    if set(mask) - {"0", "1"} or "1" not in mask:
        raise ArgumentError("mask", required="bits with at least one 1", got=mask)
    oracle = QuantumCircuit(len(mask) + 1, name=f"f = {mask} · x")
    for qubit, bit in enumerate(reversed(mask)):
        if bit == "1":
            oracle.cx(qubit, len(mask))
    return oracle


def deutsch_jozsa(oracle: QuantumCircuit) -> QuantumCircuit:
    """One call of the oracle: all zeros means constant, anything else means balanced.

    A classical algorithm that must be certain needs 2^(n−1) + 1 calls.

    Args:
        oracle: |x, y⟩ → |x, y ⊕ f(x)⟩ on n + 1 qubits, the last of them y, with f constant
            or balanced (for any other f the outcome is not certain).

    Raises:
        ArgumentError: for an oracle with fewer than two qubits.

    Source:
        Deutsch and Jozsa, Proc. R. Soc. A 439, 553 (1992); Nielsen and Chuang, section 1.4.4.

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> list(outcome_probabilities(deutsch_jozsa(constant_oracle(3, 1))))
        ['000']
        >>> list(outcome_probabilities(deutsch_jozsa(balanced_oracle("101"))))
        ['101']
    """
    num_inputs = oracle.num_qubits - 1
    if num_inputs < 1:
        raise ArgumentError("oracle", required="at least one input and y", got=oracle.num_qubits)
    circuit = QuantumCircuit(num_inputs + 1, num_inputs, name="Deutsch-Jozsa")
    circuit.x(num_inputs)
    circuit.h(range(num_inputs + 1))  # y in |−⟩: the oracle writes (−1)^f(x) as a phase
    circuit.compose(oracle, inplace=True)
    circuit.h(range(num_inputs))
    circuit.measure(range(num_inputs), range(num_inputs))
    return circuit
