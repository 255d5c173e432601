"""Gates that Qiskit keeps as a base operation and a list of modifiers."""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    Gate,
    InverseModifier,
    PowerModifier,
    library,
)
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford, Operator

from labkit.errors import CircuitError

__all__ = ["plain_gate"]


def plain_gate(operation: AnnotatedOperation) -> Any:
    """The gate that an annotated operation stands for.

    Raises:
        CircuitError: a modifier cannot be carried out while parameters are free.
    """
    gate = operation.base_op
    gate = plain_gate(gate) if isinstance(gate, AnnotatedOperation) else gate
    if isinstance(gate, Clifford):
        gate = gate.to_circuit().to_gate()
    for modifier in operation.modifiers:
        gate = _modified(gate, modifier)
    return gate


def _modified(gate: Any, modifier: Any) -> Any:
    """The gate after one modifier; through its matrix where Qiskit has no rule for it."""
    try:
        return _by_qiskit(gate, modifier)
    except (QiskitError, TypeError) as error:
        if isinstance(modifier, PowerModifier) and float(modifier.power).is_integer():
            return _repeated(gate, int(modifier.power))
        try:
            return _by_qiskit(library.UnitaryGate(Operator(gate)), modifier)
        except (QiskitError, TypeError):
            raise CircuitError(
                f"{modifier} of instruction {gate.name!r} cannot run as a JAX function: {error}. "
                "Bind its parameters first."
            ) from error


def _by_qiskit(gate: Any, modifier: Any) -> Any:
    if isinstance(modifier, InverseModifier):
        return gate.inverse()
    if isinstance(modifier, ControlModifier):
        return gate.control(
            modifier.num_ctrl_qubits, ctrl_state=modifier.ctrl_state, annotated=False
        )
    if isinstance(modifier, PowerModifier):
        return gate.power(modifier.power)  # through the matrix, which needs every parameter
    raise TypeError(f"no such modifier is known: {modifier}")


def _repeated(gate: Any, count: int) -> Gate:
    circuit = QuantumCircuit(gate.num_qubits, name=f"{gate.name}^{count}")
    for _ in range(abs(count)):
        circuit.append(gate if count > 0 else gate.inverse(), circuit.qubits)
    return circuit.to_gate()
