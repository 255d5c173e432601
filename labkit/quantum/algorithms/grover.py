"""Grover's search: √N calls of an oracle instead of N, by turning the state step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qiskit import QuantumCircuit

from labkit.errors import ArgumentError

__all__ = ["diffuser", "grover", "optimal_iterations", "phase_oracle", "success_probability"]


def phase_oracle(num_qubits: int, marked: Sequence[int]) -> QuantumCircuit:
    """|x⟩ → −|x⟩ for every marked x, and every other basis state unchanged.

    Raises:
        ArgumentError: for a marked number outside 0 … 2^num_qubits − 1.

    Example:
        >>> from qiskit.quantum_info import Operator
        >>> Operator(phase_oracle(2, [2])).data.diagonal().real.round().tolist()
        [1.0, 1.0, -1.0, 1.0]
    """
    oracle = QuantumCircuit(num_qubits, name="oracle")
    for number in marked:
        if not 0 <= number < 2**num_qubits:
            raise ArgumentError("marked", required=f"in 0 … {2**num_qubits - 1}", got=number)
        zeros = [qubit for qubit in range(num_qubits) if not (number >> qubit) & 1]
        if zeros:
            oracle.x(zeros)
        _flip_all_ones(oracle)
        if zeros:
            oracle.x(zeros)
    return oracle


def diffuser(num_qubits: int) -> QuantumCircuit:
    """The reflection about the uniform state: I − 2|s⟩⟨s| (the sign is a global phase)."""
    circuit = QuantumCircuit(num_qubits, name="diffuser")
    qubits = range(num_qubits)
    circuit.h(qubits)
    circuit.x(qubits)
    _flip_all_ones(circuit)
    circuit.x(qubits)
    circuit.h(qubits)
    return circuit


def grover(
    num_qubits: int, marked: Sequence[int], *, iterations: int | None = None
) -> QuantumCircuit:
    """Search ``marked`` among 2^num_qubits numbers; measured at the end.

    Args:
        num_qubits: width of the search register.
        marked: the numbers that the oracle recognises, without repeats.
        iterations: oracle calls; by default the number that brings the state nearest.

    Raises:
        ArgumentError: if nothing is marked, or a marked number does not fit.

    Source:
        Grover, Phys. Rev. Lett. 79, 325 (1997); Boyer, Brassard, Høyer and Tapp,
        Fortschr. Phys. 46, 493 (1998), for several marked items; Nielsen and Chuang, 6.1.

    Example:
        >>> from labkit.quantum.outcomes import outcome_probabilities
        >>> round(outcome_probabilities(grover(3, [5]))["101"], 3)
        0.945
    """
    if iterations is None:
        iterations = optimal_iterations(num_qubits, len(marked))
    circuit = QuantumCircuit(num_qubits, num_qubits, name="Grover")
    circuit.h(range(num_qubits))
    oracle, reflection = phase_oracle(num_qubits, marked), diffuser(num_qubits)
    for _ in range(iterations):
        circuit.compose(oracle, inplace=True)
        circuit.compose(reflection, inplace=True)
    circuit.measure(range(num_qubits), range(num_qubits))
    return circuit


def success_probability(num_qubits: int, num_marked: int, iterations: int) -> float:
    """sin²((2k + 1) θ) with sin² θ = M/N: the chance to measure a marked number.

    Example:
        >>> round(success_probability(3, 1, 2), 3)
        0.945
    """
    angle = math.asin(math.sqrt(num_marked / 2**num_qubits))
    return math.sin((2 * iterations + 1) * angle) ** 2


def optimal_iterations(num_qubits: int, num_marked: int = 1) -> int:
    """⌊π / (4θ)⌋, about (π/4) √(N/M).

    Raises:
        ArgumentError: if nothing, or more than everything, is marked.

    Example:
        >>> [optimal_iterations(n) for n in (2, 4, 10)]
        [1, 3, 25]
    """
    if not 0 < num_marked <= 2**num_qubits:
        raise ArgumentError("num_marked", required=f"in 1 … {2**num_qubits}", got=num_marked)
    return math.floor(math.pi / (4 * math.asin(math.sqrt(num_marked / 2**num_qubits))))


def _flip_all_ones(circuit: QuantumCircuit) -> None:
    """Append |1…1⟩ → −|1…1⟩."""
    *controls, target = range(circuit.num_qubits)
    if controls:
        circuit.mcp(math.pi, controls, target)
    else:
        circuit.z(target)
