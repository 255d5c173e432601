"""The five elementary operations that every circuit is lowered to.

The bits of a basis state are numbered as Qiskit does, little-endian: bit ``q`` of an index
is qubit ``q``. Operations are listed in the order in which they act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .affine import Angle

__all__ = ["Dense", "Diagonal", "Operation", "Permute", "Phase", "Rotate"]


@dataclass(frozen=True, eq=False)
class Permute:
    """Local basis state ``i`` of ``qubits`` becomes ``image[i]``; ``qubits[0]`` is bit 0."""

    qubits: tuple[int, ...]
    image: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Phase:
    """Multiplies amplitude ``x`` by ``exp(1j * sum(angle * sign))``.

    ``terms`` holds pairs (mask, angle); the sign is +1 where ``x & mask`` has an even number
    of ones and -1 otherwise. Mask 0 is a global phase.
    """

    terms: tuple[tuple[int, Angle], ...]


@dataclass(frozen=True, eq=False)
class Diagonal:
    """Multiplies local basis state ``i`` of ``qubits`` by ``exp(1j * angle * values[i])``."""

    qubits: tuple[int, ...]
    values: np.ndarray
    angle: Angle


@dataclass(frozen=True, eq=False)
class Rotate:
    """RY(angle) on ``qubit``: the one real rotation, [[cos, -sin], [sin, cos]] of angle / 2."""

    qubit: int
    angle: Angle


@dataclass(frozen=True, eq=False)
class Dense:
    """A constant complex matrix on ``qubits``; ``qubits[0]`` is bit 0 of its indices."""

    qubits: tuple[int, ...]
    matrix: np.ndarray


Operation: TypeAlias = Permute | Phase | Diagonal | Rotate | Dense
