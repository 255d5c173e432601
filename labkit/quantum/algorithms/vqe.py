"""The variational quantum eigensolver: the lowest energy that a trainable circuit can reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.descent import descend
from labkit.quantum.executor import to_jax

__all__ = ["VQEResult", "vqe"]


@dataclass(frozen=True)
class VQEResult:
    """The best state found.

    Attributes:
        energy: its energy, evaluated once more in double precision by Qiskit.
        parameters: of the circuit, in Qiskit's order, of shape (p,).
        losses: the energy before every step, of shape (restarts, steps).
    """

    energy: float
    parameters: np.ndarray
    losses: np.ndarray


def vqe(
    hamiltonian: SparsePauliOp,
    ansatz: QuantumCircuit,
    *,
    steps: int = 300,
    restarts: int = 8,
    learning_rate: float = 0.2,
    seed: int = 0,
) -> VQEResult:
    """Minimise ⟨ψ(θ)|H|ψ(θ)⟩ with exact gradients, from several random starts at once.

    The variational principle makes every result an upper bound of the lowest energy. A device
    would estimate energies and gradients from shots; here they are exact.

    Args:
        hamiltonian: H.
        ansatz: the circuit that prepares ψ(θ) from |0…0⟩.
        steps: of Adam.
        restarts: random starts, uniform in [−π, π).
        learning_rate: the first step size.
        seed: of the starts.

    Raises:
        ArgumentError: if circuit and Hamiltonian differ in width, or nothing can be trained.

    Source:
        Peruzzo et al., Nature Communications 5, 4213 (2014).

    Example:
        >>> from labkit.quantum.algorithms.ansatz import hardware_efficient
        >>> from labkit.quantum.algorithms.hamiltonians import ground_energy, h2
        >>> found = vqe(h2(), hardware_efficient(2, 1), seed=1)
        >>> abs(found.energy - ground_energy(h2())) < 1e-6
        True
    """
    if ansatz.num_qubits != hamiltonian.num_qubits:
        raise ArgumentError(
            "ansatz", required=f"of {hamiltonian.num_qubits} qubits", got=ansatz.num_qubits
        )
    if not ansatz.num_parameters:
        raise ArgumentError("ansatz", required="a circuit with parameters", got=ansatz.name)
    circuit = to_jax(ansatz)
    starts = np.random.default_rng(seed).uniform(-np.pi, np.pi, (restarts, ansatz.num_parameters))
    found = descend(
        lambda values: circuit.expectation(values, hamiltonian),
        starts,
        steps=steps,
        learning_rate=learning_rate,
    )
    state = Statevector(ansatz.assign_parameters(found.best.astype(float)))
    return VQEResult(float(state.expectation_value(hamiltonian).real), found.best, found.losses)
