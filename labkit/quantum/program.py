"""A compiled circuit: from parameter values to the planes of its final state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .affine import AffineMap, Angle
from .angles import AngleTable
from .evolve import is_unrolled, make_evolve
from .folding import fold_constants
from .lowering import Lowered
from .memory import refuse_if_too_large, simulation_bytes
from .normal_form import NormalForm
from .phases import turn
from .rotations import Groups, groups_of, half_turns, product_state
from .schedule import schedule
from .tables import Numbers, Tables, tabulate

__all__ = ["Program"]

_CHEAP_BYTES = 1 << 24  # up to which every state on the way may be kept
_SMALL_BATCHED = 9  # qubits up to which matrices that differ along a batch are kept small


class Program:
    """Planes (2, 2**n) of the final state as a function of inputs (i,) and weights (w,).

    What does not depend on the inputs is computed from the weights alone. So when only the
    inputs are a batch, JAX keeps those matrices out of it, and applies each to all states at
    once.

    Attributes:
        num_qubits: qubits.
        num_steps: steps of the normal form.
    """

    def __init__(
        self, lowered: Lowered, split: tuple[int, int], real: Any, diff_method: str
    ) -> None:
        self.num_qubits, self.real = lowered.num_qubits, real
        self._num_inputs, num_weights = split
        starts = lowered.starts
        start = _product_of(lowered.num_qubits, starts) if starts else None
        scheduled = schedule(lowered.num_qubits, lowered.operations, start)
        self.form: NormalForm = fold_constants(scheduled)
        self.tables: Tables = tabulate(self.form)
        self.num_steps = len(self.tables)
        self._lay_out(_Fields(self._num_inputs, num_weights), lowered.angles)
        if diff_method == "auto":
            # With a batch of inputs, backprop sums over it inside one matrix product.
            cheap = num_weights > 0 and self._bytes("backprop") <= _CHEAP_BYTES
            diff_method = "backprop" if cheap else "adjoint"
        self._evolve = make_evolve(
            self.tables,
            [self._groups(step) for step in self._steps],
            adjoint=diff_method == "adjoint",
            before_gradient=self._refuse,
        )

    def _lay_out(self, fields: _Fields, angles: AngleTable) -> None:
        """Give every angle its place among those of the weights or of the inputs."""
        form, steps = self.form, self.tables.angles
        self._phase = fields.add([form.global_phase])
        self._first = fields.add([form.first.get(q, Angle()) for q in range(self.num_qubits)])
        if is_unrolled(self.tables):
            self._steps = [Numbers(*map(fields.add, step)) for step in steps]
        else:
            self._steps = [Numbers(*(fields.add(*rows) for rows in zip(*steps, strict=True)))]
        self._slots = angles.evaluator()
        self._of_weights = AffineMap(fields.shared, angles.width)
        self._of_inputs = AffineMap(fields.varying, angles.width)

    def _bytes(self, gradient: str) -> int:
        return simulation_bytes(
            self.num_qubits, self.real.itemsize, steps=self.num_steps, gradient=gradient
        )

    def _refuse(self) -> None:
        refuse_if_too_large("A gradient", self.num_qubits, self._bytes("adjoint"))

    def _groups(self, step: Numbers) -> Groups:
        small = not step.rotations.is_shared and self.num_qubits <= _SMALL_BATCHED
        return groups_of(self.num_qubits, 3 if small else 6)

    def planes(self, inputs: jax.Array, weights: jax.Array) -> jax.Array:
        """Real and imaginary parts of the amplitudes, shape (2, 2**n)."""
        of_weights = self._of_weights(self._slots_of_weights(weights))
        of_inputs = self._of_inputs(self._slots(jnp.concatenate([inputs, weights])))

        def read(field: _Field) -> jax.Array:
            source = of_weights if field.is_shared else of_inputs
            return source[field.begin : field.end].reshape(field.shape)

        steps = [Numbers(*map(read, step)) for step in self._steps]
        state = self._start(read(self._phase)[0], read(self._first))
        if not self.num_steps:
            return state
        state = self._evolve(state, steps)
        if is_unrolled(self.tables):
            return state
        # The rounding of many steps shrinks a state; its length is known to be one.
        return state * jax.lax.rsqrt(jnp.sum(state * state))

    def _slots_of_weights(self, weights: jax.Array) -> jax.Array:
        """Weights in their slots; the other slots are read by no shared angle."""
        before = jnp.zeros(self._num_inputs, weights.dtype)
        after = jnp.zeros(self._of_weights.width - self._num_inputs - weights.shape[0], self.real)
        return jnp.concatenate([before, weights, after])

    def _start(self, phase: jax.Array, first: jax.Array) -> jax.Array:
        if not isinstance(self.form.start, np.ndarray):
            groups = groups_of(self.num_qubits)
            return product_state(half_turns(first), groups, self.form.start, phase)
        planes = np.stack([self.form.start.real, self.form.start.imag])
        return turn(jnp.asarray(planes, self.real), phase)


@dataclass(frozen=True)
class _Field:
    """Where a few angles lie, among those of the weights or among those of the inputs."""

    is_shared: bool
    begin: int
    end: int
    shape: tuple[int, ...]


class _Fields:
    """Lays out all angles of a circuit in two lists, kept apart by what they depend on."""

    def __init__(self, num_inputs: int, num_weights: int) -> None:
        self.weights = range(num_inputs, num_inputs + num_weights)
        self.shared: list[Angle] = []
        self.varying: list[Angle] = []

    def add(self, *rows: Sequence[Angle]) -> _Field:
        """Rows of angles as one array of shape (rows, angles), or (angles,) if but one row."""
        angles = [angle for row in rows for angle in row]
        is_shared = all(slot in self.weights for angle in angles for slot, _ in angle.terms)
        place = self.shared if is_shared else self.varying
        begin = len(place)
        place.extend(angles)
        shape = (len(rows), len(rows[0])) if len(rows) > 1 else (len(rows[0]),)
        return _Field(is_shared, begin, len(place), shape)


def _product_of(n: int, starts: Sequence[tuple[tuple[int, ...], np.ndarray]]) -> np.ndarray:
    """Amplitudes of the product of the given starts, with zero on every other qubit."""
    index = np.arange(1 << n)
    state = np.ones(1 << n, complex)
    used = 0
    for qubits, amplitudes in starts:
        local = sum((index >> q & 1) << k for k, q in enumerate(qubits))
        state = state * amplitudes[local]
        used |= sum(1 << q for q in qubits)
    return np.where(index & ~used, 0.0, state)
