"""The normal form as arrays: one row per step, which a loop or a scan reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .affine import Angle
from .frames import Frame
from .normal_form import PARITY, NormalForm, Step

__all__ = ["Numbers", "Row", "Tables", "tabulate"]


class Row(NamedTuple):
    """What a step is made of; stacked over steps, every field has a leading axis.

    A permutation is given as what each new place reads from, forwards and backwards: place x
    reads ``offset ^ xor(columns[p] for each bit p of x)``. Where a circuit holds permutations
    that are not affine, ``columns`` is the whole table.
    """

    masks: Any  # (t,) phase terms, see schedule.Step; unused terms have mask 0 and angle 0
    values: Any  # (t,)
    moves: Any  # () whether the step permutes
    source: Any  # (n,) or (2**n,)
    source_offset: Any  # ()
    target: Any  # the inverse permutation
    target_offset: Any
    rotates: Any  # (n,) whether physical bit p is rotated
    diagonal: dict[int, Any]  # bits -> () which wide diagonal, -1 for none
    matrix: dict[int, Any]  # bits -> () which matrix, -1 for none


class Numbers(NamedTuple):
    """The angles of a step, in the same layout as its row: as forms, or as their values."""

    terms: Any  # (t,)
    rotations: Any  # (n,); within a step their half turns, (2, n)
    wide: Any  # (1,) angle of the wide diagonal


@dataclass(frozen=True)
class Tables:
    """All steps of a circuit.

    Attributes:
        num_qubits: qubits.
        rows: the stacked rows, NumPy arrays with a leading axis of ``len(self)``.
        angles: for each step, its angles.
        diagonals: bits -> array (u, 2**bits) of the values of wide diagonals.
        matrices: bits -> array (u, 2, 2**bits, 2**bits), real and imaginary part.
        affine: whether every permutation is affine.
    """

    num_qubits: int
    rows: Row
    angles: tuple[Numbers, ...]
    diagonals: dict[int, np.ndarray]
    matrices: dict[int, np.ndarray]
    affine: bool

    def __len__(self) -> int:
        return len(self.angles)


def tabulate(form: NormalForm) -> Tables:
    """Stack the steps of a normal form."""
    n, steps = form.num_qubits, form.steps
    width = max((len(step.terms) for step in steps), default=0)
    affine = all(step.table is None for step in steps)
    diagonals = _Collection(lambda step: step.diagonal and step.diagonal[:2])
    matrices = _Collection(lambda step: step.dense and (step.dense[0], _planes(step.dense[1])))
    diagonal_index, matrix_index = diagonals.index(steps), matrices.index(steps)
    moves = [_move(step, n, affine) for step in steps]
    rows = Row(
        masks=_stack([_padded([m for m, _ in s.terms], width, 0) for s in steps], width),
        values=_stack([_padded([v for _, v in s.terms], width, PARITY) for s in steps], width),
        moves=np.array([s.frame is not None or s.table is not None for s in steps], bool),
        source=_stack([move[0] for move in moves], n),
        source_offset=np.array([move[1] for move in moves], np.int32),
        target=_stack([move[2] for move in moves], n),
        target_offset=np.array([move[3] for move in moves], np.int32),
        rotates=np.array([[p in s.rotations for p in range(n)] for s in steps], bool),
        diagonal=diagonal_index,
        matrix=matrix_index,
    )
    angles = tuple(
        Numbers(
            _padded(list(step.terms.values()), width, Angle()),
            [step.rotations.get(p, Angle()) for p in range(n)],
            [step.diagonal[2] if step.diagonal else Angle()],
        )
        for step in steps
    )
    return Tables(n, rows, angles, diagonals.stacks(), matrices.stacks(), affine)


class _Collection:
    """Constant arrays used by some steps, stacked by their number of bits."""

    def __init__(self, find: Callable[[Step], tuple[int, np.ndarray] | None]) -> None:
        self.find = find
        self.arrays: dict[int, list[np.ndarray]] = {}

    def index(self, steps: Sequence[Step]) -> dict[int, np.ndarray]:
        found = [self.find(step) for step in steps]
        index = {item[0]: np.full(len(steps), -1, np.int32) for item in found if item}
        for i, item in enumerate(found):
            if item:
                index[item[0]][i] = len(self.arrays.setdefault(item[0], []))
                self.arrays[item[0]].append(item[1])
        return index

    def stacks(self) -> dict[int, np.ndarray]:
        return {bits: np.stack(arrays) for bits, arrays in self.arrays.items()}


def _move(step: Step, n: int, affine: bool) -> tuple[Any, int, Any, int]:
    """(source, source_offset, target, target_offset) of the step's permutation."""
    frame = step.frame or Frame.identity(n)
    if affine:
        return (*frame.inverse_columns(), *frame.columns())
    table = frame_table(frame) if step.table is None else step.table
    return np.argsort(table), 0, table, 0


def frame_table(frame: Frame) -> np.ndarray:
    """The logical index of every place."""
    columns, offset = frame.columns()
    index = np.arange(1 << len(columns))
    return offset ^ np.bitwise_xor.reduce([(index >> p & 1) * c for p, c in enumerate(columns)])


def _planes(matrix: np.ndarray) -> np.ndarray:
    return np.stack([matrix.real, matrix.imag])


def _padded(items: list[Any], width: int, filler: Any) -> list[Any]:
    return items + [filler] * (width - len(items))


def _stack(rows: list[Any], width: int) -> np.ndarray:
    return np.array(rows, np.int32) if rows else np.zeros((0, width), np.int32)
