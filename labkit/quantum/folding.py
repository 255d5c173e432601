"""What acts before the first parameter, computed once while compiling, in double precision.

A circuit's constant beginning, which may be all of it, is then a vector of amplitudes: it
costs nothing at run time, and the rounding of hundreds of gates does not add up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .normal_form import PARITY, NormalForm, Step
from .tables import frame_table

__all__ = ["fold_constants"]

_LARGEST = 16  # qubits up to which amplitudes are kept as constants


def fold_constants(form: NormalForm) -> NormalForm:
    """The same circuit, with its leading constant steps applied to its start."""
    n, steps = form.num_qubits, form.steps
    if n > _LARGEST or not all(angle.is_constant for angle in form.first.values()):
        return form
    count = next((i for i, step in enumerate(steps) if not _is_constant(step)), len(steps))
    if not count:
        return form
    if isinstance(form.start, np.ndarray):
        state = form.start.astype(complex)
    else:
        state = np.zeros(1 << n, complex)
        state[form.start] = 1.0
    state = _rotated(state, {q: angle.constant for q, angle in form.first.items()})
    for step in steps[:count]:
        state = _applied(step, state, n)
    return replace(form, start=state, first={}, steps=steps[count:])


def _is_constant(step: Step) -> bool:
    angles = [*step.terms.values(), *step.rotations.values()]
    angles += [step.diagonal[2]] if step.diagonal else []
    return all(angle.is_constant for angle in angles)


def _applied(step: Step, state: np.ndarray, n: int) -> np.ndarray:
    phase = np.zeros(1 << n)
    place = np.arange(1 << n)
    for (mask, value), angle in step.terms.items():
        met = place & mask
        sign = 1.0 - 2.0 * (np.bitwise_count(met) & 1) if value == PARITY else met == value
        phase += angle.constant * sign
    if step.diagonal:
        bits, values, angle = step.diagonal
        phase += np.tile(angle.constant * values, 1 << n - bits)
    state = state * np.exp(1j * phase)
    table = frame_table(step.frame) if step.frame else step.table
    if table is not None:
        moved = np.empty_like(state)
        moved[table] = state
        state = moved
    state = _rotated(state, {p: angle.constant for p, angle in step.rotations.items()})
    if step.dense:
        bits, matrix = step.dense
        state = (state.reshape(-1, 1 << bits) @ matrix.T).reshape(-1)
    return state


def _rotated(state: np.ndarray, angles: dict[int, float]) -> np.ndarray:
    for bit, angle in angles.items():
        cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
        split = state.reshape(-1, 2, 1 << bit)
        zero, one = split[:, 0], split[:, 1]
        state = np.stack([cosine * zero - sine * one, sine * zero + cosine * one], 1).reshape(-1)
    return state
