"""Parameter values in every form a caller may hold them, put into one array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from qiskit.circuit import Parameter, ParameterVector, ParameterVectorElement

from labkit.errors import ArgumentError, ShapeError

__all__ = ["ParameterOrder", "Values"]

#: An array in the order of ``parameters``; or a mapping from parameter, vector or name; or,
#: where the parameters were split, a pair (inputs, weights).
Values: TypeAlias = Any


@dataclass(frozen=True)
class ParameterOrder:
    """Which entry of the caller's values is which parameter of the circuit.

    Attributes:
        parameters: all parameters, in Qiskit's order (by name, vector elements by index).
        inputs: those fed by data, in the caller's order; all of them where not split.
        weights: those that are trained; none where not split.
        is_split: whether values are a pair (inputs, weights).
    """

    parameters: tuple[Parameter, ...]
    inputs: tuple[Parameter, ...]
    weights: tuple[Parameter, ...]
    is_split: bool

    @classmethod
    def of(
        cls,
        parameters: Sequence[Parameter],
        input_params: Iterable[Parameter] | None,
        weight_params: Iterable[Parameter] | None,
    ) -> ParameterOrder:
        """Split the parameters; what is named on one side only leaves the rest to the other.

        Raises:
            ArgumentError: a parameter is named twice, is left over, or is not in the circuit.
        """
        if input_params is None and weight_params is None:
            return cls(tuple(parameters), tuple(parameters), (), False)
        inputs = None if input_params is None else tuple(input_params)
        weights = None if weight_params is None else tuple(weight_params)
        if inputs is None:
            inputs = tuple(p for p in parameters if p not in set(weights or ()))
        if weights is None:
            weights = tuple(p for p in parameters if p not in set(inputs))
        named = [*inputs, *weights]
        if len(set(named)) != len(named) or set(named) != set(parameters):
            raise ArgumentError(
                "input_params and weight_params",
                required=f"a split of {[p.name for p in parameters]}",
                got=[p.name for p in named],
                fix="Name every parameter of the circuit once.",
            )
        return cls(tuple(parameters), inputs, weights, True)

    def arrays(self, values: Values, dtype: Any) -> tuple[jax.Array, jax.Array]:
        """Values of the inputs (..., i) and of the weights (..., w); each keeps its own batch.

        Raises:
            ShapeError: the number of values is not the number of parameters.
            ArgumentError: a mapping lacks a parameter or names an unknown one.
        """
        if isinstance(values, Mapping):
            found = self._from_mapping(values, dtype)
            return _columns(found, self.inputs, dtype), _columns(found, self.weights, dtype)
        if not self.is_split:
            return _checked("values", values, len(self.parameters), dtype), jnp.zeros(0, dtype)
        if not isinstance(values, tuple | list) or len(values) != 2:
            raise ArgumentError(
                "values", required="a pair (inputs, weights)", got=type(values).__name__
            )
        inputs = _checked("inputs", values[0], len(self.inputs), dtype)
        return inputs, _checked("weights", values[1], len(self.weights), dtype)

    def _from_mapping(self, values: Mapping[Any, Any], dtype: Any) -> dict[str, Any]:
        """The value of each parameter by its name; vectors are taken apart."""
        vectors = {
            p.vector.name: p.vector
            for p in self.parameters
            if isinstance(p, ParameterVectorElement)
        }
        found: dict[str, Any] = {}
        for key, value in values.items():
            name = key.name if isinstance(key, Parameter | ParameterVector) else str(key)
            if name in vectors:
                entries = _checked(name, value, len(vectors[name]), dtype)
                found.update({p.name: entries[..., i] for i, p in enumerate(vectors[name])})
            else:
                found[name] = jnp.asarray(value, dtype)
        names = [p.name for p in self.parameters]
        missing = [name for name in names if name not in found]
        if missing or len(found) > len(names):
            got = f"without {missing}" if missing else f"also {sorted(set(found) - set(names))}"
            raise ArgumentError("values", required=f"a value for each of {names}", got=got)
        return found


def _columns(found: dict[str, Any], parameters: Sequence[Parameter], dtype: Any) -> jax.Array:
    columns = [found[p.name] for p in parameters]
    return jnp.stack(jnp.broadcast_arrays(*columns), -1) if columns else jnp.zeros(0, dtype)


def _checked(name: str, values: Any, count: int, dtype: Any) -> jax.Array:
    array = jnp.asarray(values, dtype)
    if array.ndim == 0 or array.shape[-1] != count:
        raise ShapeError(
            name, required=f"an array whose last axis holds {count} values", got=array.shape
        )
    return array
