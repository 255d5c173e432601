"""The fidelity kernel: how alike two inputs are, as states of a feature map."""

from __future__ import annotations

import contextlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from qiskit import QuantumCircuit

from labkit.errors import ShapeError

from .executor import to_jax

__all__ = ["JaxFidelityKernel"]


class JaxFidelityKernel:
    """``|<state(x)|state(y)>|**2`` between rows of data; for scikit-learn's SVC and Qiskit's.

    Each state is computed once, and all overlaps are one matrix product.

    Args:
        feature_map: a circuit whose parameters are the features, sorted by name.
        enforce_psd: clip negative eigenvalues, which rounding may cause, of a symmetric kernel.
        dtype: "complex64" or "complex128", as for `to_jax`.

    Source: Havlíček et al., "Supervised learning with quantum-enhanced feature spaces",
        Nature 567, 2019, arXiv:1804.11326, the kernel estimator.

    Example:
        >>> from qiskit.circuit import ParameterVector
        >>> circuit = QuantumCircuit(1)
        >>> circuit.ry(ParameterVector("x", 1)[0], 0)
        <qiskit...>
        >>> JaxFidelityKernel(circuit).evaluate(np.array([[0.0], [np.pi]])).round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(
        self, feature_map: QuantumCircuit, *, enforce_psd: bool = True, dtype: str = "complex64"
    ) -> None:
        self.feature_map, self.enforce_psd = feature_map, enforce_psd
        self._function = to_jax(feature_map, dtype=dtype)
        self._states = jax.jit(self._function.statevector)

    @property
    def num_features(self) -> int:
        """Features of a row."""
        return self._function.num_parameters

    def evaluate(self, x_vec: Any, y_vec: Any | None = None) -> np.ndarray:
        """The kernel matrix of rows x against rows y, or against themselves.

        Raises:
            ShapeError: a row does not hold one value for each parameter.
        """
        x = self._rows("x_vec", x_vec)
        y = x if y_vec is None else self._rows("y_vec", y_vec)
        if y is not x and not np.array_equal(x, y):
            return np.asarray(_fidelities(self._states(x), self._states(y)), float)
        states = self._states(x)
        kernel = np.array(_fidelities(states, states), float)
        np.fill_diagonal(kernel, 1.0)
        return _positive(kernel) if self.enforce_psd else kernel

    def _rows(self, name: str, rows: Any) -> np.ndarray:
        array = np.asarray(rows, float)
        array = array.reshape(-1, self.num_features) if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[1] != self.num_features:
            raise ShapeError(name, required=f"rows of {self.num_features}", got=array.shape)
        return array


@jax.jit
def _fidelities(left: jax.Array, right: jax.Array) -> jax.Array:
    overlap = jnp.matmul(left, right.conj().T, precision="highest")
    return overlap.real**2 + overlap.imag**2


def _positive(kernel: np.ndarray) -> np.ndarray:
    """The nearest positive semidefinite matrix; unchanged where it is one already."""
    with contextlib.suppress(np.linalg.LinAlgError):
        np.linalg.cholesky(kernel)  # exists for positive matrices only, and costs little
        return kernel
    values, vectors = np.linalg.eigh(kernel)
    if values[0] >= 0:
        return kernel
    return (vectors * np.maximum(values, 0.0)) @ vectors.T
