"""Circuits already compiled, for callers that pass the same circuit again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlledGate

from .executor import JaxCircuit, to_jax
from .rules import RULES

__all__ = ["CircuitCache"]


class CircuitCache:
    """Compiles each circuit once; a circuit changed since is a new one.

    Args:
        dtype: as for `to_jax`.
    """

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._kept: dict[Any, tuple[JaxCircuit, list[Any]]] = {}

    def get(self, circuit: QuantumCircuit) -> JaxCircuit:
        """The circuit as a JAX function."""
        key, operations = _fingerprint(circuit)
        if key not in self._kept:
            # Operations known by identity are kept alive, so that no other takes their place.
            self._kept[key] = to_jax(circuit, dtype=self._dtype), operations
        return self._kept[key][0]


def _fingerprint(circuit: QuantumCircuit) -> tuple[Any, list[Any]]:
    """A key that equal circuits share, and the operations that it knows only by identity."""
    parts: list[Any] = [circuit.num_qubits, circuit.global_phase]
    operations: list[Any] = []
    for item in circuit.data:
        operation = item.operation
        kind: Any = getattr(operation, "base_class", type(operation))
        if kind not in RULES:
            operations.append(operation)
            kind = id(operation)
        state = operation.ctrl_state if isinstance(operation, ControlledGate) else None
        places = tuple(circuit.find_bit(bit).index for bit in (*item.qubits, *item.clbits))
        parts.append((kind, state, places, tuple(map(_hashable, operation.params))))
    return tuple(parts), operations


def _hashable(value: Any) -> Any:
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value
