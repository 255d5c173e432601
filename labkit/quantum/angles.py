"""Parameter expressions as arithmetic that JAX can run and differentiate.

Qiskit writes an angle as any expression of its parameters, ``2 * (pi - x) * (pi - y)``.
Here every angle is an affine form of *slots*: the first slots are the parameters
themselves, and each nonlinear operation adds one slot whose arguments are affine forms of
slots before it. Equal subexpressions share a slot, and all slots of the same operation and
the same level are computed as one vector, so that a thousand different angles trace into a
handful of array operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

from labkit.errors import CircuitError

from .affine import AffineMap, Angle

__all__ = ["AngleTable"]


@dataclass(frozen=True)
class _Node:
    """One nonlinear operation on affine forms; binary where ``right`` is given."""

    operation: str
    left: Angle
    right: Angle | None
    level: int


_UNARY: dict[str, tuple[Callable[[Any], Any], Callable[[float], float]]] = {
    "SIN": (jnp.sin, math.sin),
    "COS": (jnp.cos, math.cos),
    "TAN": (jnp.tan, math.tan),
    "ASIN": (jnp.arcsin, math.asin),
    "ACOS": (jnp.arccos, math.acos),
    "ATAN": (jnp.arctan, math.atan),
    "EXP": (jnp.exp, math.exp),
    "LOG": (jnp.log, math.log),
    "ABS": (jnp.abs, abs),
    "SIGN": (jnp.sign, lambda x: float(np.sign(x))),
}
_BINARY: dict[str, tuple[Callable[[Any, Any], Any], Callable[[float, float], float]]] = {
    "MUL": (jnp.multiply, lambda a, b: a * b),
    "DIV": (jnp.divide, lambda a, b: a / b),
    "POW": (jnp.power, lambda a, b: a**b),
}
_REVERSED = {"RSUB": "SUB", "RDIV": "DIV", "RPOW": "POW"}
_ADDITIVE = {"ADD", "SUB"}


class AngleTable:
    """The slots of one circuit: its parameters first, then the nonlinear operations met."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.index = {parameter: i for i, parameter in enumerate(parameters)}
        self._nodes: list[_Node] = []
        self._slot_of: dict[_Node, int] = {}

    @property
    def width(self) -> int:
        """Number of slots."""
        return len(self.index) + len(self._nodes)

    def angle(self, value: Any) -> Angle:
        """The affine form of a gate's parameter.

        Raises:
            CircuitError: the value is complex, or the expression holds an unknown operation.
        """
        if not isinstance(value, ParameterExpression):
            return Angle(_real(value))
        if value.is_symbol():
            return self._leaf(next(iter(value.parameters)))
        if not value.parameters:
            return Angle(_real(value.numeric()))
        return self._replay(value)

    def _leaf(self, parameter: Parameter) -> Angle:
        if parameter not in self.index:
            raise CircuitError(f"Parameter {parameter.name!r} is not among circuit.parameters.")
        return Angle(0.0, ((self.index[parameter], 1.0),))

    def _replay(self, expression: ParameterExpression) -> Angle:
        """Walk the expression in postfix order, as Qiskit's own QPY writer does."""
        stack: list[Angle] = []
        for step in expression._qpy_replay:
            stack.extend(self.angle(side) for side in (step.lhs, step.rhs) if side is not None)
            operation = str(step.op).rpartition(".")[2]
            if operation in _ADDITIVE | _BINARY.keys() | _REVERSED.keys():
                right, left = stack.pop(), stack.pop()
                if operation in _REVERSED:
                    operation, left, right = _REVERSED[operation], right, left
                stack.append(self._binary(operation, left, right))
            elif operation in _UNARY:
                stack.append(self._unary(operation, stack.pop()))
            elif operation != "CONJ":  # parameters are real: conjugation changes nothing
                raise CircuitError(
                    f"Expression {expression} holds {operation}, which has no JAX counterpart; "
                    "bind its parameters first."
                )
        return stack.pop()

    def _unary(self, operation: str, argument: Angle) -> Angle:
        if argument.is_constant:
            return Angle(_UNARY[operation][1](argument.constant))
        return self._node(operation, argument, None)

    def _binary(self, operation: str, left: Angle, right: Angle) -> Angle:
        if operation in _ADDITIVE:
            return left + right if operation == "ADD" else left - right
        if left.is_constant and right.is_constant:
            return Angle(_real(_BINARY[operation][1](left.constant, right.constant)))
        if operation == "MUL" and left.is_constant:
            return right * left.constant
        if operation in ("MUL", "DIV") and right.is_constant:
            return left * (right.constant if operation == "MUL" else 1.0 / right.constant)
        return self._node(operation, left, right)

    def _node(self, operation: str, left: Angle, right: Angle | None) -> Angle:
        level = 1 + max(self._level(left), 0 if right is None else self._level(right))
        node = _Node(operation, left, right, level)
        if node not in self._slot_of:
            self._slot_of[node] = self.width
            self._nodes.append(node)
        return Angle(0.0, ((self._slot_of[node], 1.0),))

    def _level(self, angle: Angle) -> int:
        first = len(self.index)
        levels = (self._nodes[slot - first].level for slot, _ in angle.terms if slot >= first)
        return max(levels, default=0)

    def evaluator(self) -> Callable[[jax.Array], jax.Array]:
        """The function ``values[..., p] -> slots[..., width]``, one vector per kind and level."""
        first, width = len(self.index), self.width
        groups: dict[tuple[int, str, bool], list[_Node]] = {}
        for node in self._nodes:
            constant_right = node.right is None or node.right.is_constant
            groups.setdefault((node.level, node.operation, constant_right), []).append(node)
        # Slots are computed level by level, then put back into the order they were numbered in.
        steps, order = [], list(range(first))
        for (_, operation, constant_right), nodes in sorted(groups.items()):
            at = {old: new for new, old in enumerate(order)}
            lefts = AffineMap([_renumber(node.left, at) for node in nodes], len(order))
            rights = [node.right for node in nodes if node.right is not None]
            right: Any = None
            if rights and constant_right:
                right = np.array([angle.constant for angle in rights])
            elif rights:
                right = AffineMap([_renumber(angle, at) for angle in rights], len(order))
            steps.append((operation, lefts, right))
            order.extend(self._slot_of[node] for node in nodes)
        inverse = np.argsort(np.array(order, np.int32)) if width else np.zeros(0, np.int32)

        def evaluate(values: jax.Array) -> jax.Array:
            slots = values
            for operation, lefts, right in steps:
                slots = jnp.concatenate([slots, _apply(operation, slots, lefts, right)], axis=-1)
            return slots[..., inverse] if steps else slots

        return evaluate


def _apply(operation: str, slots: jax.Array, lefts: AffineMap, right: Any) -> jax.Array:
    left = lefts(slots)
    if operation in _UNARY:
        return _UNARY[operation][0](left)
    # A constant exponent stays a constant: its derivative would be log of a negative base.
    other = right(slots) if callable(right) else jnp.asarray(right, slots.dtype)
    return _BINARY[operation][0](left, other)


def _renumber(angle: Angle, at: dict[int, int]) -> Angle:
    return Angle(angle.constant, tuple((at[slot], weight) for slot, weight in angle.terms))


def _real(value: Any) -> float:
    number = complex(value)
    if abs(number.imag) > 1e-12 * max(1.0, abs(number)):
        raise CircuitError(f"A gate's angle must be real, but it is {number}.")
    return number.real
