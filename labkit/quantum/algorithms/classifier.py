"""Variational classifiers, and the training they share with their classical rivals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import ArgumentError
from labkit.quantum.algorithms.descent import descend
from labkit.quantum.executor import to_jax

__all__ = [
    "Classifier",
    "dense_logits",
    "reuploading_circuit",
    "train_classifier",
    "variational_logits",
]

#: (parameters of shape (p,), inputs of shape (b, f)) → logits of shape (b,).
Logits = Callable[[jax.Array, jax.Array], jax.Array]


@dataclass(frozen=True)
class Classifier:
    """A binary classifier trained on several data sets side by side, one model for each.

    Attributes:
        logits: the model.
        parameters: trained, of shape (sets, p).
        losses: mean cross-entropy before every step, of shape (sets, steps).
    """

    logits: Logits
    parameters: np.ndarray
    losses: np.ndarray

    def accuracy(self, inputs: ArrayLike, targets: ArrayLike) -> np.ndarray:
        """Share of right answers of each model on its own inputs (sets, b, f), of shape (sets,)."""
        run = jax.jit(jax.vmap(self.logits))
        found = run(jnp.asarray(self.parameters), jnp.asarray(inputs, float)) > 0
        return np.asarray(found == jnp.asarray(targets)).mean(axis=1)


def reuploading_circuit(
    num_features: int, layers: int
) -> tuple[QuantumCircuit, list[Parameter], list[Parameter]]:
    """Layers of RY(x_i) and trained RZ, RY on qubit i, each followed by a ring of CZ.

    Feeding the data in again in each layer lets the output be a richer Fourier series of it.

    Returns:
        The circuit, its input parameters, its 2 · num_features · layers weights.

    Source:
        Pérez-Salinas et al., Quantum 4, 226 (2020); Schuld, Sweke and Meyer, Phys. Rev. A
        103, 032430 (2021).

    Example:
        >>> circuit, inputs, weights = reuploading_circuit(3, 2)
        >>> len(inputs), len(weights)
        (3, 12)
    """
    x = ParameterVector("x", num_features)
    weights = ParameterVector("w", 2 * num_features * layers)
    free = iter(weights)
    circuit = QuantumCircuit(num_features, name="re-uploading")
    for _ in range(layers):
        for qubit in range(num_features):
            circuit.ry(x[qubit], qubit)
            circuit.rz(next(free), qubit)
            circuit.ry(next(free), qubit)
        for qubit in range(num_features if num_features > 2 else num_features - 1):
            circuit.cz(qubit, (qubit + 1) % num_features)
    return circuit, list(x), list(weights)


def variational_logits(num_features: int, layers: int) -> tuple[Logits, int]:
    """The logit s · ⟨Z_0⟩ + c of the re-uploading circuit, and its number of parameters.

    The scale s and the offset c are trained as well: an expectation value lies in [−1, 1].

    Example:
        >>> logits, count = variational_logits(2, 1)
        >>> count, logits(jnp.ones(count), jnp.zeros((5, 2))).shape
        (6, (5,))
    """
    circuit, inputs, weights = reuploading_circuit(num_features, layers)
    run = to_jax(circuit, input_params=inputs, weight_params=weights)
    observable = SparsePauliOp.from_sparse_list([("Z", [0], 1.0)], num_features)

    def logits(parameters: jax.Array, inputs: jax.Array) -> jax.Array:
        scale, offset, angles = parameters[0], parameters[1], parameters[2:]
        # One example at a time, batched by vmap: quicker to compile than a batch of its own.
        signal = jax.vmap(lambda example: run.expectation((example, angles), observable))(inputs)
        return scale * signal + offset

    return logits, 2 + len(weights)


def dense_logits(num_features: int, hidden: int) -> tuple[Logits, int]:
    """The classical rival: one hidden layer of tanh; with hidden = 0, logistic regression.

    Example:
        >>> dense_logits(4, 3)[1], dense_logits(4, 0)[1]
        (19, 5)
    """
    if not hidden:
        return lambda parameters, inputs: inputs @ parameters[1:] + parameters[0], num_features + 1
    ends = np.cumsum([num_features * hidden, hidden, hidden, 1])

    def logits(parameters: jax.Array, inputs: jax.Array) -> jax.Array:
        enter, shift, leave, offset = jnp.split(parameters, ends[:-1])
        return jnp.tanh(inputs @ enter.reshape(num_features, hidden) + shift) @ leave + offset[0]

    return logits, int(ends[-1])


def train_classifier(
    logits: Logits,
    num_parameters: int,
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    steps: int = 200,
    learning_rate: float = 0.05,
    seed: int = 0,
) -> Classifier:
    """Minimise the mean cross-entropy, on each data set for itself; one budget for every model.

    Args:
        logits: any model, quantum or not.
        num_parameters: p.
        inputs: of shape (sets, b, f).
        targets: 0 or 1, of shape (sets, b).
        steps: of Adam on the whole set.
        learning_rate: the first step size.
        seed: of the first parameters, drawn from a standard normal.

    Raises:
        ArgumentError: if a target is neither 0 nor 1.

    Example:
        >>> points = np.array([[[-1.0], [-2.0], [1.0], [2.0]]])
        >>> line, count = dense_logits(1, 0)
        >>> train_classifier(line, count, points, [[0, 0, 1, 1]]).accuracy(points, [[0, 0, 1, 1]])
        array([1.])
    """
    if not np.isin(targets, (0, 1)).all():
        raise ArgumentError("targets", required="0 or 1", got=np.unique(targets))
    signs = jnp.asarray(2.0 * np.asarray(targets) - 1.0)
    points = jnp.asarray(inputs, float)

    def loss(parameters: jax.Array, points: jax.Array, signs: jax.Array) -> jax.Array:
        return jax.nn.softplus(-signs * logits(parameters, points)).mean()

    first = np.random.default_rng(seed).normal(size=(len(points), num_parameters))
    found = descend(loss, first, points, signs, steps=steps, learning_rate=learning_rate)
    return Classifier(logits, found.parameters, found.losses)
