"""Gradients for Qiskit's algorithms: all parameters at once, for the price of a few runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import PrimitiveJob
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import ShapeError

from .cache import CircuitCache
from .executor import JaxCircuit
from .observables import observable_key

__all__ = ["GradientResult", "JaxEstimatorGradient"]


@dataclass(frozen=True)
class GradientResult:
    """Gradients in the form that qiskit-algorithms and qiskit-machine-learning read.

    Attributes:
        gradients: one array for each circuit asked for, one entry for each parameter.
        metadata: for each circuit, the parameters that its entries belong to.
        precision: 0, the gradients are exact.
        options: empty; there are none.
    """

    gradients: list[np.ndarray]
    metadata: list[dict[str, Any]]
    precision: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)


class JaxEstimatorGradient:
    """Stands where Qiskit's algorithms take an estimator gradient (VQE, EstimatorQNN, ...).

    Args:
        dtype: "complex64" or "complex128", as for `to_jax`.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> circuit = QuantumCircuit(1)
        >>> circuit.ry(Parameter("angle"), 0)
        <qiskit...>
        >>> job = JaxEstimatorGradient().run([circuit], [SparsePauliOp("Z")], [[0.5]])
        >>> print(f"{job.result().gradients[0][0]:.3f}")
        -0.479
    """

    def __init__(self, *, dtype: str = "complex64") -> None:
        self._circuits = CircuitCache(dtype)
        self._slopes: dict[Any, Any] = {}

    def run(
        self,
        circuits: Sequence[QuantumCircuit] | QuantumCircuit,
        observables: Sequence[Any] | Any,
        parameter_values: Sequence[Any] | np.ndarray,
        parameters: Sequence[Sequence[Parameter] | None] | None = None,
        **_: Any,
    ) -> PrimitiveJob:
        """Differentiate ``<observable>`` of each circuit by its parameters, or by those named.

        Raises:
            ShapeError: the sequences differ in length.
        """
        if isinstance(circuits, QuantumCircuit):
            circuits, observables = [circuits], [observables]
        wanted = [None] * len(circuits) if parameters is None else list(parameters)
        lengths = {len(circuits), len(observables), len(parameter_values), len(wanted)}
        if len(lengths) != 1:
            raise ShapeError(
                "circuits, observables, parameter_values, parameters",
                required="of one length", got=sorted(lengths),
            )  # fmt: skip
        job = PrimitiveJob(self._run, circuits, observables, parameter_values, wanted)
        job._submit()
        return job

    def _run(
        self,
        circuits: Sequence[QuantumCircuit],
        observables: Sequence[Any],
        parameter_values: Sequence[Any] | np.ndarray,
        parameters: Sequence[Sequence[Parameter] | None],
    ) -> GradientResult:
        batches: dict[Any, list[int]] = {}
        by_identity: dict[int, JaxCircuit] = {}
        functions = []
        for i, circuit in enumerate(circuits):
            if id(circuit) not in by_identity:
                by_identity[id(circuit)] = self._circuits.get(circuit)
            functions.append(by_identity[id(circuit)])
            batches.setdefault((functions[i], observable_key(observables[i])), []).append(i)
        full: list[Any] = [None] * len(circuits)
        for (function, _), members in batches.items():
            values = np.array([parameter_values[i] for i in members], float)
            slopes = self._slope_of(function, observables[members[0]])(values)
            for i, slope in zip(members, np.asarray(slopes, float), strict=True):
                full[i] = slope
        gradients, metadata = [], []
        for slope, function, wanted in zip(full, functions, parameters, strict=True):
            chosen = list(function.parameters) if wanted is None else list(wanted)
            index = {parameter: k for k, parameter in enumerate(function.parameters)}
            gradients.append(slope[[index[parameter] for parameter in chosen]])
            metadata.append({"parameters": chosen})
        return GradientResult(gradients, metadata)

    def _slope_of(self, function: JaxCircuit, observable: Any) -> Any:
        key = function, observable_key(observable)
        if key not in self._slopes:
            operator = SparsePauliOp(observable)
            slope = jax.vmap(jax.grad(lambda values: function.expectation(values, operator)))
            self._slopes[key] = jax.jit(slope)
        return self._slopes[key]
