"""A quantum circuit as a layer of a flax model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import ArgumentError
from labkit.types import Float

from .executor import to_jax

__all__ = ["QuantumLayer"]


class QuantumLayer(nnx.Module):
    """Expectation values of a circuit whose angles are inputs and trained weights.

    Args:
        circuit: the circuit.
        observables: one output for each.
        input_params: the parameters that the layer's input feeds, in its order.
        rngs: the stream ``params`` draws the weights, uniform in [-pi, pi).
        dtype: "complex64" or "complex128", as for `to_jax`.
        diff_method: as for `to_jax`.

    Raises:
        ArgumentError: there is no observable.

    Example:
        >>> from qiskit.circuit import ParameterVector
        >>> x, w = ParameterVector("x", 2), ParameterVector("w", 2)
        >>> circuit = QuantumCircuit(2)
        >>> for q in range(2):
        ...     _ = circuit.ry(x[q], q), circuit.ry(w[q], q)
        >>> zs = [SparsePauliOp("IZ"), SparsePauliOp("ZI")]
        >>> layer = QuantumLayer(circuit, zs, input_params=x, rngs=nnx.Rngs(0))
        >>> layer(jnp.zeros((5, 2))).shape
        (5, 2)
    """

    def __init__(
        self,
        circuit: QuantumCircuit,
        observables: Sequence[SparsePauliOp],
        *,
        input_params: Iterable[Parameter],
        rngs: nnx.Rngs,
        dtype: str = "complex64",
        diff_method: str = "auto",
    ) -> None:
        if not len(observables):
            raise ArgumentError("observables", required="at least one", got=observables)
        self._function = to_jax(
            circuit, input_params=input_params, dtype=dtype, diff_method=diff_method
        )
        self._observables = tuple(observables)
        count = self._function.num_weights
        draw = jax.random.uniform(rngs.params(), (count,), minval=-jnp.pi, maxval=jnp.pi)
        self.weights = nnx.Param(draw)

    def __call__(self, x: Float[Array, "... f"]) -> Float[Array, "... o"]:
        """One expectation value for each observable, of each row."""
        values: Any = (x, self.weights[...])
        return self._function.expectation(values, self._observables)
