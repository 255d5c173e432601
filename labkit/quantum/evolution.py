"""exp(-i t H) for Hamiltonians in Pauli form or as a matrix; the time may be a parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit.circuit.library import HamiltonianGate, PauliEvolutionGate
from qiskit.quantum_info import SparseObservable, SparsePauliOp

from labkit.errors import CircuitError

from .affine import Angle
from .emitter import Emitter

__all__ = ["lower_evolution", "lower_hamiltonian"]

_LARGEST_EXACT = 10  # qubits on which a Hamiltonian of non-commuting terms is diagonalised


def lower_evolution(
    out: Emitter, gate: PauliEvolutionGate, qubits: Sequence[int], time: Angle
) -> None:
    """Append exp(-i t H), exactly: that is the gate's matrix, whatever its synthesis.

    Terms that commute are rotated one by one. Others are diagonalised, which keeps the time
    differentiable. Qiskit's product formula is an approximation of this gate: it is chosen by
    ``circuit.decompose()``. H is the sum of a list of operators.

    Raises:
        CircuitError: the terms do not commute and the gate is too large to diagonalise.
    """
    terms = gate.operator if isinstance(gate.operator, list) else [gate.operator]
    operator = SparsePauliOp.sum([_in_paulis(term) for term in terms]).simplify()
    if len(operator.group_commuting()) == 1:
        for label, coefficient in operator.to_list():
            out.pauli_rotation(qubits, label[::-1], time * -float(coefficient.real))
        return
    if len(qubits) > _LARGEST_EXACT:
        raise CircuitError(
            f"PauliEvolutionGate on {len(qubits)} qubits has terms that do not commute, and its "
            f"exact matrix is built up to {_LARGEST_EXACT} qubits only; call circuit.decompose() "
            "to run its product formula instead."
        )
    _diagonalised(out, operator.to_matrix(), qubits, time)


def lower_hamiltonian(
    out: Emitter, gate: HamiltonianGate, qubits: Sequence[int], time: Angle
) -> None:
    """Append exp(-i t H) for the matrix H that the gate carries."""
    _diagonalised(out, np.asarray(gate.params[0]), qubits, time)


def _in_paulis(term: SparsePauliOp | SparseObservable) -> SparsePauliOp:
    if isinstance(term, SparseObservable):
        return SparsePauliOp.from_sparse_observable(term)
    return SparsePauliOp(term)


def _diagonalised(out: Emitter, matrix: np.ndarray, qubits: Sequence[int], time: Angle) -> None:
    """exp(-i t H) = V exp(-i t d) V^-1 for H = V d V^-1."""
    energies, vectors = np.linalg.eigh(matrix)
    out.dense(qubits, vectors.conj().T)
    out.diagonal(qubits, -energies, time)
    out.dense(qubits, vectors)
