"""The quantum approximate optimisation algorithm, for many problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.descent import descend
from labkit.quantum.algorithms.ising import IsingProblem
from labkit.quantum.executor import to_jax

__all__ = ["QAOAResult", "qaoa", "qaoa_circuit"]


@dataclass(frozen=True)
class QAOAResult:
    """What QAOA found for each problem.

    Attributes:
        mean_energy: expected energy of one measurement, of shape (problems,).
        best_probability: chance that one measurement gives an optimal choice, likewise.
        lowest: the lowest energy, by brute force, likewise.
        highest: the highest energy, likewise.
        angles: γ then β, of shape (problems, 2 · layers).
        losses: scaled mean energy before every step of the best start, of shape (problems, steps).
    """

    mean_energy: np.ndarray
    best_probability: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    angles: np.ndarray
    losses: np.ndarray

    @property
    def approximation_ratio(self) -> np.ndarray:
        """Expected over optimal quality, both counted from the worst choice; 1 is optimal."""
        return (self.highest - self.mean_energy) / (self.highest - self.lowest)


def qaoa_circuit(
    num_bits: int, layers: int
) -> tuple[QuantumCircuit, list[Parameter], list[Parameter]]:
    """Phase by the problem, mix by X, ``layers`` times, from the uniform superposition.

    The problem's fields and couplings are parameters as well, so that one circuit, compiled
    once, serves every problem of this size.

    Returns:
        The circuit; the problem's parameters (fields, then couplings above the diagonal row
        by row); the angles γ, then β.

    Example:
        >>> circuit, problem, angles = qaoa_circuit(3, 2)
        >>> len(problem), len(angles)
        (6, 4)
    """
    pairs = [(i, j) for i in range(num_bits) for j in range(i + 1, num_bits)]
    fields, couplings = ParameterVector("h", num_bits), ParameterVector("J", len(pairs))
    gammas, betas = ParameterVector("γ", layers), ParameterVector("β", layers)
    circuit = QuantumCircuit(num_bits, name="QAOA")
    circuit.h(range(num_bits))
    for gamma, beta in zip(gammas, betas, strict=True):
        for qubit, field in enumerate(fields):
            circuit.rz(2 * gamma * field, qubit)
        for (first, second), coupling in zip(pairs, couplings, strict=True):
            circuit.rzz(2 * gamma * coupling, first, second)
        circuit.rx(2 * beta, range(num_bits))
    return circuit, [*fields, *couplings], [*gammas, *betas]


def qaoa(
    problems: Sequence[IsingProblem],
    *,
    layers: int,
    steps: int = 150,
    starts: int = 4,
    learning_rate: float = 0.1,
    seed: int = 0,
) -> QAOAResult:
    """Train the angles of every problem on its exact mean energy; all problems run in one batch.

    Energies are scaled to unit spread over all choices before γ multiplies them, so that one
    learning rate suits them all.

    Args:
        problems: of equal size.
        layers: p; more layers never do worse when trained well.
        steps: of Adam.
        starts: random starts per problem; the best of them counts.
        learning_rate: the first step size.
        seed: of the starts.

    Raises:
        ArgumentError: if there is no problem, their sizes differ, or layers is not positive.

    Source:
        Farhi, Goldstone and Gutmann, arXiv:1411.4028.

    Example:
        >>> from labkit.quantum.algorithms.ising import maxcut
        >>> square = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
        >>> float(qaoa([maxcut(square)], layers=2).approximation_ratio[0].round(3))
        1.0
    """
    sizes = {problem.num_bits for problem in problems}
    if len(sizes) != 1 or layers < 1:
        raise ArgumentError(
            "problems, layers", required="problems of one size and at least one layer",
            got=(sorted(sizes), layers),
        )  # fmt: skip
    circuit, inputs, weights = qaoa_circuit(sizes.pop(), layers)
    run = to_jax(circuit, input_params=inputs, weight_params=weights)
    energies = np.stack([problem.energies() for problem in problems])
    spread = energies.std(axis=1, keepdims=True)
    centred = jnp.asarray((energies - energies.mean(axis=1, keepdims=True)) / spread)
    coefficients = jnp.asarray(np.stack([_coefficients(p) for p in problems]) / spread)

    def mean_energy(angles: jax.Array, coefficients: jax.Array, energies: jax.Array) -> jax.Array:
        return run.probabilities((coefficients, angles)) @ energies

    shape = (starts * len(problems), 2 * layers)
    found = descend(
        mean_energy,
        np.random.default_rng(seed).uniform(-np.pi / 4, np.pi / 4, shape),
        jnp.tile(coefficients, (starts, 1)),
        jnp.tile(centred, (starts, 1)),
        steps=steps,
        learning_rate=learning_rate,
    )
    best = found.losses[:, -1].reshape(starts, -1).argmin(axis=0)
    every = np.arange(len(problems))
    angles = found.parameters.reshape(starts, len(problems), -1)[best, every]
    losses = found.losses.reshape(starts, len(problems), -1)[best, every]
    probabilities = np.asarray(run.probabilities((coefficients, jnp.asarray(angles))))
    optimal = np.isclose(energies, energies.min(axis=1, keepdims=True))
    return QAOAResult(
        mean_energy=(probabilities * energies).sum(axis=1),
        best_probability=(probabilities * optimal).sum(axis=1),
        lowest=energies.min(axis=1),
        highest=energies.max(axis=1),
        angles=angles,
        losses=losses,
    )


def _coefficients(problem: IsingProblem) -> np.ndarray:
    above = np.triu_indices(problem.num_bits, 1)
    return np.concatenate([problem.fields, problem.couplings[above]])
