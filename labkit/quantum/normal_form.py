"""The normal form of a circuit: a start, then steps of phase, permutation, rotation, matrix."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .affine import Angle
from .frames import Frame

__all__ = ["PARITY", "NormalForm", "Step"]

PARITY = -1  # in place of a term's value: the term is a parity, not an indicator


@dataclass
class Step:
    """Phases, then a permutation, then rotations, then at most one constant matrix.

    Attributes:
        terms: (mask, value) -> angle. The amplitude at place y gains
            ``exp(1j * angle * (-1)**parity(y & mask))`` where value is PARITY, and
            ``exp(1j * angle)`` where ``y & mask == value`` otherwise.
        diagonal: (bits, values, angle): place y gains ``exp(1j * angle * values[low bits])``.
        frame: affine permutation: what was at place y goes to the logical index of y.
        table: a permutation that is not affine: what was at place y goes to ``table[y]``.
        rotations: physical bit -> angle of its RY.
        dense: (bits, matrix): a constant matrix on the lowest bits.
    """

    terms: dict[tuple[int, int], Angle] = field(default_factory=dict)
    diagonal: tuple[int, np.ndarray, Angle] | None = None
    frame: Frame | None = None
    table: np.ndarray | None = None
    rotations: dict[int, Angle] = field(default_factory=dict)
    dense: tuple[int, np.ndarray] | None = None

    @property
    def permutes_only(self) -> bool:
        """Whether a permutation that follows could be merged into this step."""
        return not self.rotations and self.dense is None


@dataclass(frozen=True)
class NormalForm:
    """A compiled circuit.

    Attributes:
        num_qubits: qubits of the circuit.
        start: the basis state that the first rotations act on, or constant amplitudes.
        first: rotations that turn a starting basis state into a product state.
        global_phase: angle of the phase of every amplitude.
        steps: what acts on the state, in order.
    """

    num_qubits: int
    start: int | np.ndarray
    first: dict[int, Angle]
    global_phase: Angle
    steps: tuple[Step, ...]
