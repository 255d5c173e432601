"""Affine maps of bits: what X, CX and SWAP do to the index of a basis state.

A frame says how the *logical* bits, those of the circuit, follow from the *physical* bits of
an amplitude's place in memory. Gates that only permute basis states change the frame and
move no amplitude; phases are read through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Frame", "local_affine"]


@dataclass(frozen=True)
class Frame:
    """Logical bit q is the parity of ``rows[q] & place``, flipped where ``offset`` has bit q."""

    rows: tuple[int, ...]
    offset: int = 0

    @classmethod
    def identity(cls, num_qubits: int) -> Frame:
        """Every logical bit is its own physical bit."""
        return cls(tuple(1 << q for q in range(num_qubits)))

    @property
    def is_identity(self) -> bool:
        """Whether places and logical indices agree."""
        return self == Frame.identity(len(self.rows))

    def then(self, qubits: Sequence[int], columns: Sequence[int], offset: int) -> Frame:
        """The frame after a local affine map of ``qubits`` (see `local_affine`)."""
        rows, old_offset = list(self.rows), self.offset
        for j, target in enumerate(qubits):
            row, flip = 0, offset >> j & 1
            for k, source in enumerate(qubits):
                if columns[k] >> j & 1:
                    row ^= self.rows[source]
                    flip ^= self.offset >> source & 1
            rows[target] = row
            old_offset = old_offset & ~(1 << target) | flip << target
        return Frame(tuple(rows), old_offset)

    def parity(self, mask: int) -> tuple[int, float]:
        """A logical parity as a physical one: (mask, +1 or -1)."""
        pulled = 0
        for q, row in enumerate(self.rows):
            if mask >> q & 1:
                pulled ^= row
        return pulled, -1.0 if (self.offset & mask).bit_count() & 1 else 1.0

    def place(self, qubit: int) -> int | None:
        """The physical bit that alone holds ``qubit`` and holds nothing else, or None."""
        row = self.rows[qubit]
        if row.bit_count() != 1 or sum(1 for other in self.rows if other & row) != 1:
            return None
        return row.bit_length() - 1

    def flipped(self, qubit: int) -> bool:
        """Whether logical zero of ``qubit`` is stored as physical one."""
        return bool(self.offset >> qubit & 1)

    def columns(self) -> tuple[tuple[int, ...], int]:
        """Columns and offset of the map from place to logical index."""
        n = len(self.rows)
        columns = (sum((row >> p & 1) << q for q, row in enumerate(self.rows)) for p in range(n))
        return tuple(columns), self.offset

    def inverse_columns(self) -> tuple[tuple[int, ...], int]:
        """Columns and offset of the map from logical index to place (Gauss over GF(2))."""
        n = len(self.rows)
        left, right = list(self.rows), [1 << q for q in range(n)]
        for p in range(n):
            pivot = next(q for q in range(p, n) if left[q] >> p & 1)
            left[p], left[pivot] = left[pivot], left[p]
            right[p], right[pivot] = right[pivot], right[p]
            for q in range(n):
                if q != p and left[q] >> p & 1:
                    left[q] ^= left[p]
                    right[q] ^= right[p]
        inverse = Frame(tuple(right))
        columns, _ = inverse.columns()
        offset = sum(((row & self.offset).bit_count() & 1) << p for p, row in enumerate(right))
        return columns, offset


def local_affine(image: Sequence[int]) -> tuple[tuple[int, ...], int] | None:
    """(columns, offset) of a table ``i -> image[i]`` if it is affine in its bits, else None."""
    offset, bits = image[0], (len(image) - 1).bit_length()
    columns = tuple(image[1 << k] ^ offset for k in range(bits))
    for i, value in enumerate(image):
        expected = offset
        for k in range(bits):
            if i >> k & 1:
                expected ^= columns[k]
        if expected != value:
            return None
    return columns, offset
