"""exp(-i t H) for Hamiltonians in Pauli form, with a time that may be a parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import CircuitError

from .affine import Angle
from .emitter import Emitter

__all__ = ["lower_evolution"]

_LARGEST_EXACT = 10  # qubits on which a Hamiltonian of non-commuting terms is diagonalised


def lower_evolution(
    out: Emitter, gate: PauliEvolutionGate, qubits: Sequence[int], time: Angle
) -> None:
    """Append exp(-i t H), exactly: that is the gate's matrix, whatever its synthesis.

    Terms that commute are rotated one by one. Others are diagonalised, ``H = V d V^-1``, which
    keeps the time differentiable. Qiskit's product formula is an approximation of this gate:
    it is chosen by ``circuit.decompose()``.

    Raises:
        CircuitError: the terms do not commute and the gate is too large to diagonalise.
    """
    groups = gate.operator if isinstance(gate.operator, list) else [gate.operator]
    for group in groups:
        _one(out, SparsePauliOp(group), qubits, time)


def _one(out: Emitter, operator: SparsePauliOp, qubits: Sequence[int], time: Angle) -> None:
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
    energies, vectors = np.linalg.eigh(operator.to_matrix())
    out.dense(qubits, vectors.conj().T)
    out.diagonal(qubits, -energies, time)
    out.dense(qubits, vectors)
