"""Bernstein-Vazirani: read a hidden bit string with one call instead of n."""

from __future__ import annotations

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.deutsch_jozsa import balanced_oracle, constant_oracle, deutsch_jozsa

__all__ = ["bernstein_vazirani"]


def bernstein_vazirani(secret: str) -> QuantumCircuit:
    """The circuit that reveals ``secret`` from one call of f(x) = secret · x mod 2.

    The circuit is that of Deutsch-Jozsa; only the promise about f differs.

    Args:
        secret: bits, the last letter for qubit 0.

    Raises:
        ArgumentError: if the secret is empty or holds other letters than 0 and 1.

    Source:
        Bernstein and Vazirani, SIAM J. Comput. 26, 1411 (1997), section 8.4 (the recursive
        Fourier sampling of depth one).

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> list(outcome_probabilities(bernstein_vazirani("10110")))
        ['10110']
    """
    if not secret or set(secret) - {"0", "1"}:
        raise ArgumentError("secret", required="a text of the letters 0 and 1", got=secret)
    oracle = balanced_oracle(secret) if "1" in secret else constant_oracle(len(secret), 0)
    circuit = deutsch_jozsa(oracle)
    circuit.name = "Bernstein-Vazirani"
    return circuit
