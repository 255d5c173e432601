"""`to_jax`: a Qiskit circuit as a function that JAX compiles, differentiates and batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import ArgumentError, CircuitError

from .lowering import lower
from .memory import refuse_if_too_large, simulation_bytes
from .observables import observable_key, pauli_sum
from .program import Program
from .values import ParameterOrder, Values

__all__ = ["JaxCircuit", "to_jax"]


def to_jax(
    circuit: Any,
    *,
    input_params: Iterable[Parameter] | None = None,
    weight_params: Iterable[Parameter] | None = None,
    dtype: str = "complex64",
    diff_method: str = "auto",
) -> JaxCircuit:
    """Turn a circuit into a JAX function of its parameters.

    Args:
        circuit: a QuantumCircuit of fixed unitaries and final measurements.
        input_params: parameters fed by data; the values are then a pair (inputs, weights).
        weight_params: parameters to train; either of the two implies the other.
        dtype: "complex64", or "complex128" where JAX runs with 64-bit types.
        diff_method: "backprop" keeps every state and allows forward mode (``jax.hessian``);
            "adjoint" computes the states backwards, in the memory of a few, reverse mode only;
            "auto" takes backprop for split parameters while the states fit 16 MiB, else adjoint.

    Returns:
        An object with `statevector`, `probabilities`, `expectation` and `sample`.

    Raises:
        CircuitError: the circuit holds an instruction that is not a fixed unitary.
        ArgumentError: an argument is outside what is listed above.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> import jax
        >>> circuit = QuantumCircuit(1)
        >>> circuit.ry(Parameter("angle"), 0)
        <qiskit...>
        >>> f = to_jax(circuit)
        >>> z = SparsePauliOp("Z")
        >>> value, slope = jax.value_and_grad(f.expectation)(jax.numpy.array([0.3]), z)
        >>> print(f"cos(0.3) = {value:.3f}, -sin(0.3) = {slope[0]:.3f}")
        cos(0.3) = 0.955, -sin(0.3) = -0.296
    """
    if dtype not in ("complex64", "complex128"):
        raise ArgumentError("dtype", required="'complex64' or 'complex128'", got=dtype)
    if dtype == "complex128" and not jax.config.read("jax_enable_x64"):
        raise ArgumentError(
            "dtype", required="'complex64' while JAX runs with 32-bit types", got=dtype,
            fix="Call jax.config.update('jax_enable_x64', True) first.",
        )  # fmt: skip
    if diff_method not in ("auto", "backprop", "adjoint"):
        raise ArgumentError("diff_method", required="auto, backprop or adjoint", got=diff_method)
    if not isinstance(circuit, QuantumCircuit):
        raise CircuitError(
            f"to_jax needs a qiskit.QuantumCircuit, but it got {type(circuit).__name__}; "
            "read OpenQASM with labkit.quantum.load_qasm."
        )
    return JaxCircuit(circuit, input_params, weight_params, dtype, diff_method)


class JaxCircuit:
    """A circuit as pure functions of its parameter values; make it with `to_jax`.

    Values are an array whose last axis follows `parameters` (leading axes are a batch), a
    mapping from parameter or name, or a pair (inputs, weights) where the parameters were split.
    Every method may be used under ``jax.jit``, ``jax.grad`` and ``jax.vmap``.

    Attributes:
        num_qubits: qubits of the circuit.
        parameters: the circuit's parameters in Qiskit's order, sorted by name.
        measured: pairs (classical bit, qubit) of the final measurements.
    """

    def __init__(
        self,
        circuit: QuantumCircuit,
        input_params: Iterable[Parameter] | None,
        weight_params: Iterable[Parameter] | None,
        dtype: str,
        diff_method: str,
    ) -> None:
        self._order = ParameterOrder.of(tuple(circuit.parameters), input_params, weight_params)
        self._real = jnp.dtype("float64" if dtype == "complex128" else "float32")
        self.num_qubits, self.parameters = circuit.num_qubits, self._order.parameters
        self._refuse(1)
        inputs, weights = self._order.inputs, self._order.weights
        lowered = lower(circuit, (*inputs, *weights))
        self.measured = lowered.measured
        self._program = Program(lowered, (len(inputs), len(weights)), self._real, diff_method)
        self._planes = jax.jit(jnp.vectorize(self._program.planes, signature="(i),(w)->(c,q)"))
        self._compiled: dict[Any, Any] = {}

    @property
    def num_parameters(self) -> int:
        """Parameters of the circuit."""
        return len(self.parameters)

    @property
    def num_weights(self) -> int:
        """Parameters that are trained, where inputs and weights were split."""
        return len(self._order.weights)

    def _refuse(self, batch: int) -> None:
        needed = simulation_bytes(self.num_qubits, self._real.itemsize) * batch
        refuse_if_too_large("A statevector", self.num_qubits, needed)

    def _arrays(self, values: Values) -> tuple[jax.Array, jax.Array]:
        inputs, weights = self._order.arrays(values, self._real)
        self._refuse(math.prod(jnp.broadcast_shapes(inputs.shape[:-1], weights.shape[:-1])))
        return inputs, weights

    def statevector(self, values: Values = ()) -> jax.Array:
        """Amplitudes, shape ``(..., 2**n)``, little-endian as Qiskit's, global phase included."""
        planes = self._planes(*self._arrays(values))
        return jax.lax.complex(planes[..., 0, :], planes[..., 1, :])

    def probabilities(self, values: Values = ()) -> jax.Array:
        """Probability of each basis state, shape ``(..., 2**n)``."""
        return jnp.sum(self._planes(*self._arrays(values)) ** 2, axis=-2)

    def expectation(
        self, values: Values, observable: SparsePauliOp | Sequence[SparsePauliOp]
    ) -> jax.Array:
        """Expectation value of a Hermitian observable, shape ``(...)``.

        With a list of observables, their values along a last axis, from one run.
        """
        several = isinstance(observable, list | tuple)
        if several and not observable:
            raise ArgumentError("observable", required="at least one", got=observable)
        result = self._expectations_of(tuple(observable) if several else (observable,))
        found = result(*self._arrays(values))
        return found if several else found[..., 0]

    def _expectations_of(self, observables: tuple[SparsePauliOp, ...]) -> Any:
        """The compiled expectation of some observables; kept, so that it is compiled once."""
        key = tuple(map(observable_key, observables))
        if key not in self._compiled:
            prepared = [pauli_sum(observable, self.num_qubits) for observable in observables]

            def one(inputs: jax.Array, weights: jax.Array) -> jax.Array:
                state = self._program.planes(inputs, weights)
                return jnp.stack([observable.expectation(state) for observable in prepared])

            self._compiled[key] = jax.jit(jnp.vectorize(one, signature="(i),(w)->(o)"))
        return self._compiled[key]

    def sample(self, values: Values, key: jax.Array, shots: int) -> jax.Array:
        """Basis states drawn from the probabilities, as integers of shape ``(..., shots)``."""
        edges = jnp.cumsum(self.probabilities(values), axis=-1)
        draws = jax.random.uniform(key, (*edges.shape[:-1], shots), edges.dtype)
        find = jnp.vectorize(partial(jnp.searchsorted, side="right"), signature="(q),(s)->(s)")
        places = find(edges, draws * edges[..., -1:])
        return jnp.minimum(places, edges.shape[-1] - 1).astype(jnp.int32)
