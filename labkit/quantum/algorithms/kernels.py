"""Quantum kernels: similarity of two points as the overlap of the states that encode them."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

from labkit.errors import ShapeError
from labkit.quantum.executor import to_jax

__all__ = ["fidelity_kernel", "kernel_svm_accuracy", "zz_feature_map"]


def zz_feature_map(num_features: int, *, layers: int = 2) -> QuantumCircuit:
    """Encode x as phases: P(2 x_i) on qubits and P(2 (π − x_i)(π − x_j)) on neighbours.

    Source:
        Havlíček et al., Nature 567, 209 (2019), with the pairs taken along a line.

    Example:
        >>> zz_feature_map(3).num_parameters
        3
    """
    x = ParameterVector("x", num_features)
    circuit = QuantumCircuit(num_features, name="ZZ feature map")
    for _ in range(layers):
        circuit.h(range(num_features))
        for qubit in range(num_features):
            circuit.p(2 * x[qubit], qubit)
        for qubit in range(num_features - 1):
            circuit.cx(qubit, qubit + 1)
            circuit.p(2 * (np.pi - x[qubit]) * (np.pi - x[qubit + 1]), qubit + 1)
            circuit.cx(qubit, qubit + 1)
    return circuit


def fidelity_kernel(feature_map: QuantumCircuit, points: ArrayLike) -> np.ndarray:
    """K_ij = |⟨φ(x_i)|φ(x_j)⟩|², from each state computed once.

    A device would run one circuit per pair; the simulator needs one per point, because it can
    keep the states.

    Args:
        feature_map: prepares φ(x) from |0…0⟩; its parameters are the features, in order.
        points: of shape (..., n, features).

    Returns:
        Shape (..., n, n), for scikit-learn's ``SVC(kernel="precomputed")``.

    Raises:
        ShapeError: if the number of features does not fit the circuit.

    Source:
        Havlíček et al., Nature 567, 209 (2019); Schuld and Killoran, Phys. Rev. Lett. 122,
        040504 (2019).

    Example:
        >>> kernel = fidelity_kernel(zz_feature_map(2), [[0.3, 0.1], [1.2, 2.0]])
        >>> kernel.diagonal().round(4).tolist()
        [1.0, 1.0]
    """
    array = np.asarray(points, dtype=float)
    if array.ndim < 2 or array.shape[-1] != feature_map.num_parameters:
        required = f"of shape (..., points, {feature_map.num_parameters})"
        raise ShapeError("points", required=required, got=array.shape)
    states = to_jax(feature_map).statevector(array)
    overlaps = jnp.einsum("...iq,...jq->...ij", states.conj(), states)
    return np.asarray(jnp.abs(overlaps) ** 2, dtype=float)


def kernel_svm_accuracy(
    kernels: ArrayLike, targets: ArrayLike, num_train: int, *, folds: int = 3, penalty: float = 1.0
) -> float:
    """Test accuracy of the support vector machine whose kernel does best in cross-validation.

    Only the training rows take part in the choice, so quantum and classical kernels can be
    given the same number of candidates and judged alike.

    Args:
        kernels: candidates, of shape (k, n, n), training rows first.
        targets: classes, of shape (n,).
        num_train: how many rows are for training.
        folds: of the cross-validation.
        penalty: the machine's C.

    Example:
        >>> x = np.array([-2.0, -1.0, 1.0, 2.0, -1.5, 1.5])
        >>> kernel_svm_accuracy(np.outer(x, x)[None], x > 0, 4, folds=2)
        1.0
    """
    stack, classes = np.asarray(kernels), np.asarray(targets)
    train, test = slice(num_train), slice(num_train, None)
    machine = SVC(kernel="precomputed", C=penalty)
    scores = [
        cross_val_score(machine, kernel[train, train], classes[train], cv=folds).mean()
        for kernel in stack
    ]
    best = stack[int(np.argmax(scores))]
    machine.fit(best[train, train], classes[train])
    return float(machine.score(best[test, train], classes[test]))
