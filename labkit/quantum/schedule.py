"""Compiles operations to the normal form: steps of phase, permutation, rotation, matrix.

Operations are taken in the order that their qubits allow. Permutations only change the frame
(see `frames`) and phases only join the step being built; when nothing but rotations can come
next, the step is closed with all of them at once. So a circuit has about as many steps as it
has layers of real rotations, however many gates stand between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .affine import Angle
from .frames import Frame, local_affine
from .frontiers import frontiers
from .normal_form import PARITY, NormalForm, Step
from .operations import Dense, Diagonal, Operation, Permute, Phase, Rotate

__all__ = ["schedule"]

_EMPTY = Angle()
_TURN = 2 * math.pi


def schedule(
    num_qubits: int, operations: Sequence[Operation], start: np.ndarray | None
) -> NormalForm:
    """Compile operations that act on ``start``, or on all-zero where start is None."""
    builder = _Builder(num_qubits, start)
    for batch in frontiers(operations):
        builder.close(batch) if isinstance(batch, list) else builder.absorb(batch)
    return builder.finish()


class _Builder:
    """Holds the frame and the step being built."""

    def __init__(self, num_qubits: int, start: np.ndarray | None) -> None:
        self.n = num_qubits
        self.frame = Frame.identity(num_qubits)
        self.start: int | np.ndarray = 0 if start is None else start
        self.is_basis = start is None  # the state is still one basis state
        self.first: dict[int, Angle] = {}
        self.phase = _EMPTY
        self.steps: list[Step] = []
        self.step = Step()

    # ------------------------------------------------ what moves no amplitude
    def absorb(self, operation: Operation) -> None:
        if isinstance(operation, Phase):
            for mask, angle in operation.terms:
                self._parity(mask, angle)
        elif isinstance(operation, Diagonal):
            self._diagonal(operation)
        elif isinstance(operation, Permute):
            self._permute(operation)

    def _parity(self, mask: int, angle: Angle) -> None:
        place, sign = self.frame.parity(mask)
        if self.is_basis and (place & int(self.start)).bit_count() & 1:
            sign = -sign
        if place == 0 or self.is_basis:
            self.phase = self.phase + angle * sign
        else:
            self._term(place, PARITY, angle * sign)

    def _term(self, mask: int, value: int, angle: Angle) -> None:
        self.step.terms[mask, value] = self.step.terms.get((mask, value), _EMPTY) + angle

    def _diagonal(self, operation: Diagonal) -> None:
        if self.is_basis:
            at = self._logical(int(self.start))
            local = sum((at >> q & 1) << k for k, q in enumerate(operation.qubits))
            self.phase = self.phase + operation.angle * float(operation.values[local])
            return
        support = np.flatnonzero(operation.values)
        places = [self.frame.place(q) for q in operation.qubits]
        clear = [place for place in places if place is not None]
        if len(support) <= 2 and len(clear) == len(places):
            for i in support:
                mask = value = 0
                for k, (q, place) in enumerate(zip(operation.qubits, clear, strict=True)):
                    mask |= 1 << place
                    value |= (int(i) >> k & 1 ^ self.frame.flipped(q)) << place
                self._term(mask, value, operation.angle * float(operation.values[i]))
            return
        self._bring_down(operation.qubits)
        if self.step.frame is not None:
            self._next()
        self.step.diagonal = (len(operation.qubits), operation.values, operation.angle)
        self._next()

    def _permute(self, operation: Permute) -> None:
        affine = local_affine(operation.image)
        if affine is not None:
            self.frame = self.frame.then(operation.qubits, *affine)
            return
        index = np.arange(1 << self.n) if not self.is_basis else np.array([self.start])
        logical = self._logical(index)
        image = np.array(operation.image)
        local = sum((logical >> q & 1) << k for k, q in enumerate(operation.qubits))
        changed = local ^ image[local]
        moved = logical ^ sum((changed >> k & 1) << q for k, q in enumerate(operation.qubits))
        self.frame = Frame.identity(self.n)
        if self.is_basis:
            self.start = int(moved[0])
        else:
            self._push_table(moved)

    def _push_table(self, table: np.ndarray) -> None:
        """Permute now; two tables with nothing between them become one."""
        previous = self.steps[-1] if self.steps else None
        mergeable = previous is not None and previous.permutes_only and previous.table is not None
        if previous is not None and mergeable and not self.step.terms:
            previous.table = table[previous.table]
            return
        self.step.table = table
        self._next()

    def _logical(self, place: Any) -> Any:
        """The logical index of a place; works on integers and on arrays."""
        columns, offset = self.frame.columns()
        index = place * 0 + offset
        for p, column in enumerate(columns):
            index = index ^ (place >> p & 1) * column
        return index

    # ------------------------------------------------ what closes a step
    def close(self, operations: list[Rotate | Dense]) -> None:
        dense = [operation for operation in operations if isinstance(operation, Dense)]
        rotations = [operation for operation in operations if isinstance(operation, Rotate)]
        if self.is_basis and rotations and not dense:
            self._first(rotations)
            return
        self._leave_basis()
        unclear = any(self.frame.place(operation.qubit) is None for operation in rotations)
        if dense:
            self._bring_down(dense[0].qubits, force=unclear)
        elif unclear:
            self._materialise()
        for operation in rotations:
            sign = -1.0 if self.frame.flipped(operation.qubit) else 1.0
            row = self.frame.rows[operation.qubit]
            self.step.rotations[row.bit_length() - 1] = operation.angle * sign
        if dense:
            self.step.dense = (len(dense[0].qubits), dense[0].matrix)
        self._next()

    def _first(self, rotations: list[Rotate]) -> None:
        self.start = self._logical(int(self.start))
        self.frame = Frame.identity(self.n)
        self.is_basis = False
        self.first = {operation.qubit: operation.angle for operation in rotations}

    def _leave_basis(self) -> None:
        if self.is_basis:
            self._first([])

    def _materialise(self) -> None:
        """Move every amplitude to its logical index."""
        if not self.frame.is_identity:
            self.step.frame = self.frame
            self.frame = Frame.identity(self.n)

    def _bring_down(self, qubits: Sequence[int], *, force: bool = False) -> None:
        """Move ``qubits`` to the lowest bits, in their order; the rest stay as they are."""
        places = [self.frame.place(q) for q in qubits]
        here = places == list(range(len(qubits)))
        if here and not force and not any(self.frame.flipped(q) for q in qubits):
            return
        others = [q for q in range(self.n) if q not in set(qubits)]
        order = [*qubits, *others]  # physical bit p will hold logical qubit order[p]
        rows, offset = self.frame.rows, self.frame.offset
        self.step.frame = Frame(
            tuple(rows[q] for q in order),
            sum((offset >> q & 1) << p for p, q in enumerate(order)),
        )
        places_of = {q: p for p, q in enumerate(order)}
        self.frame = Frame(tuple(1 << places_of[q] for q in range(self.n)))

    def _next(self) -> None:
        self.steps.append(self.step)
        self.step = Step()

    def finish(self) -> NormalForm:
        self._leave_basis()
        self._materialise()
        if self.step.terms or self.step.frame is not None:
            self._next()
        steps = tuple(_reduced(step) for step in self.steps)
        return NormalForm(self.n, self.start, self.first, self.phase.modulo(_TURN), steps)


def _reduced(step: Step) -> Step:
    """The step with its angles within one turn, and without those that are zero."""
    turns = {key: angle.modulo(_TURN) for key, angle in step.terms.items()}
    step.terms = {key: angle for key, angle in turns.items() if angle != _EMPTY}
    step.rotations = {p: angle.modulo(2 * _TURN) for p, angle in step.rotations.items()}
    return step
