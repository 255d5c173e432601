"""Barren plateaus, measured: how fast gradients fade as circuits widen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.ansatz import hardware_efficient
from labkit.quantum.executor import to_jax

__all__ = ["GradientDecay", "gradient_decay"]


@dataclass(frozen=True)
class GradientDecay:
    """Variance of one gradient entry over random angles, width by width.

    Attributes:
        num_qubits: the widths, of shape (k,).
        variance: of ∂E/∂θ for the first angle, of shape (k,).
        halvings_per_qubit: −slope of log₂(variance) over the width, by least squares.
    """

    num_qubits: np.ndarray
    variance: np.ndarray
    halvings_per_qubit: float


def gradient_decay(
    widths: Sequence[int],
    *,
    layers_per_qubit: int = 2,
    local: bool = False,
    samples: int = 200,
    seed: int = 0,
) -> GradientDecay:
    """Measure Var[∂E/∂θ] for the hardware-efficient circuit at uniformly random angles.

    A global observable (Z on every qubit) loses exponentially: a random deep circuit spreads
    the state over all directions, and one angle moves a share of 2^−n. A local one (Z Z on
    the first two qubits) on a shallow circuit keeps its gradient. One entry of the gradient is
    two runs, by the parameter-shift rule.

    Args:
        widths: numbers of qubits, at least two of them.
        layers_per_qubit: depth grows with the width; with 0, two layers at every width.
        local: observe the first two qubits only.
        samples: random angle vectors per width.
        seed: of the angles.

    Raises:
        ArgumentError: for fewer than two widths.

    Source:
        McClean et al., Nature Communications 9, 4812 (2018); Cerezo et al., Nature
        Communications 12, 1791 (2021), for local observables and shallow circuits.

    Example:
        >>> decay = gradient_decay((2, 4), layers_per_qubit=1, samples=50)
        >>> bool(decay.variance[1] < decay.variance[0])
        True
    """
    if len(widths) < 2:
        raise ArgumentError("widths", required="at least two numbers of qubits", got=widths)
    variances = []
    for width in widths:
        ansatz = hardware_efficient(width, max(2, layers_per_qubit * width))
        observed = range(2) if local else range(width)
        observable = SparsePauliOp.from_sparse_list([("Z" * len(observed), observed, 1.0)], width)
        energy, angles = to_jax(ansatz).expectation, _angles(ansatz.num_parameters, samples, seed)
        shift = np.pi / 2 * np.eye(1, ansatz.num_parameters)  # of the first angle, an RY
        slopes = (energy(angles + shift, observable) - energy(angles - shift, observable)) / 2
        variances.append(float(jnp.var(slopes)))
    slope_per_qubit = np.polyfit(widths, np.log2(variances), 1)[0]
    return GradientDecay(np.asarray(widths), np.array(variances), -float(slope_per_qubit))


def _angles(count: int, samples: int, seed: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).uniform(-np.pi, np.pi, (samples, count)))
