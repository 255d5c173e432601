"""Expectation values of sums of Pauli strings, with their derivative for free.

A Pauli string flips the bits of its X mask and takes the sign of its Z mask. Strings that live
on one group of neighbouring bits add up to one small matrix. Of the others, strings of one X
mask are one pass over the state: their signs add up to one diagonal, as phases do (see
`phases`), so nothing of size ``strings * 2**n`` is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import ArgumentError

from .normal_form import PARITY
from .permute import permute
from .phases import phase_of
from .rotations import apply_matrix, groups_of

__all__ = ["PauliSum", "observable_key", "pauli_sum"]


class _Strings(NamedTuple):
    """Strings grouped by X mask: ``sum_t (real + 1j imaginary)[g, t] Z^z[g, t]``, then X^x[g]."""

    x: Any  # (g,)
    z: Any  # (g, t)
    real: Any  # (g, t)
    imaginary: Any  # (g, t)


@dataclass(frozen=True, eq=False)
class PauliSum:
    """A Hermitian observable, ready to act on planes (2, 2**n)."""

    num_qubits: int
    diagonal: _Strings
    local: dict[int, np.ndarray]  # lowest bit of a group -> real matrix
    flips: _Strings

    def apply(self, state: jax.Array) -> jax.Array:
        """The planes of ``observable |state>``."""
        total = jnp.zeros_like(state)
        if len(self.diagonal.x):
            total = state * self._weights(self.diagonal.z[0], self.diagonal.real[0], state.dtype)
        for low, matrix in self.local.items():
            total = total + apply_matrix(state, jnp.asarray(matrix, state.dtype), low)
        if not len(self.flips.x):
            return total
        return jax.lax.scan(partial(self._add_flip, state), total, self.flips)[0]

    def _weights(self, z: Any, coefficients: Any, dtype: Any) -> jax.Array:
        signs = np.full(z.shape, PARITY, np.int32)
        return phase_of(z, signs, jnp.asarray(coefficients, dtype), self.num_qubits)

    def _add_flip(
        self, state: jax.Array, total: jax.Array, group: _Strings
    ) -> tuple[jax.Array, None]:
        source = jnp.arange(1 << self.num_qubits, dtype=jnp.int32) ^ group.x
        weighted = state * self._weights(group.z, group.real, state.dtype)
        if self.flips.imaginary.any():
            turned = jnp.stack([-state[1], state[0]])
            weighted = weighted + turned * self._weights(group.z, group.imaginary, state.dtype)
        return total + permute(weighted, source, source), None

    def expectation(self, state: jax.Array) -> jax.Array:
        """``<state| observable |state>``; its derivative is ``2 observable |state>``."""
        return _quadratic(self, state)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _quadratic(observable: PauliSum, state: jax.Array) -> jax.Array:
    return jnp.sum(state * observable.apply(state))


@_quadratic.defjvp
def _quadratic_jvp(observable: PauliSum, primals: Any, tangents: Any) -> tuple[Any, Any]:
    image = observable.apply(primals[0])
    return jnp.sum(primals[0] * image), 2 * jnp.sum(tangents[0] * image)


def observable_key(observable: Any) -> tuple[bytes, ...]:
    """Equal for equal observables; cheaper than preparing one."""
    operator = observable if isinstance(observable, SparsePauliOp) else SparsePauliOp(observable)
    paulis = operator.paulis
    return tuple(array.tobytes() for array in (paulis.x, paulis.z, paulis.phase, operator.coeffs))


def pauli_sum(observable: Any, num_qubits: int) -> PauliSum:
    """Prepare an observable.

    Raises:
        ArgumentError: it has another number of qubits, or is not Hermitian.
    """
    operator = observable if isinstance(observable, SparsePauliOp) else SparsePauliOp(observable)
    if operator.num_qubits != num_qubits:
        raise ArgumentError(
            "observable", required=f"on {num_qubits} qubits", got=operator.num_qubits
        )
    if np.max(np.abs(operator.coeffs.imag), initial=0.0) > 1e-12:
        raise ArgumentError("observable", required="Hermitian (real coefficients)", got=operator)
    bits = 1 << np.arange(num_qubits, dtype=np.int64)
    x, z = operator.paulis.x @ bits, operator.paulis.z @ bits
    strings: _Terms = {}
    for flip, sign, coefficient in zip(x, z, operator.coeffs.real, strict=True):
        factor = coefficient * 1j ** int(flip & sign).bit_count()
        strings[int(flip), int(sign)] = strings.get((int(flip), int(sign)), 0) + factor
    diagonal = {key: strings.pop(key) for key in list(strings) if key[0] == 0}
    local = {}
    for low, size in groups_of(num_qubits):
        inside = [k for k in strings if (k[0] | k[1]) >> low < 1 << size and not _below(k, low)]
        real = {key: strings.pop(key).real for key in inside if strings[key].imag == 0}
        if real:
            local[low] = _matrix(real, low, size)
    return PauliSum(num_qubits, _stack(diagonal), local, _stack(strings))


_Terms = dict[tuple[int, int], complex]  # (X mask, Z mask) -> coefficient * 1j ** (number of Y)


def _below(key: tuple[int, int], low: int) -> bool:
    return bool((key[0] | key[1]) & (1 << low) - 1)


def _matrix(strings: dict[tuple[int, int], float], low: int, size: int) -> np.ndarray:
    index = np.arange(1 << size)
    matrix = np.zeros((1 << size, 1 << size))
    for (x, z), coefficient in strings.items():
        sign = 1.0 - 2.0 * (np.bitwise_count(index & (z >> low)) & 1)
        matrix[index ^ (x >> low), index] += coefficient * sign
    return matrix


def _stack(strings: _Terms) -> _Strings:
    groups: dict[int, dict[int, complex]] = {}
    for (x, z), coefficient in strings.items():
        groups.setdefault(x, {})[z] = coefficient
    width = max((len(terms) for terms in groups.values()), default=0)
    signs = np.zeros((len(groups), width), np.int32)
    coefficients = np.zeros((len(groups), width), complex)
    for i, terms in enumerate(groups.values()):
        signs[i, : len(terms)] = list(terms)
        coefficients[i, : len(terms)] = list(terms.values())
    return _Strings(np.array(list(groups), np.int32), signs, coefficients.real, coefficients.imag)
