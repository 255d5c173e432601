"""Affine forms of the parameters: what most angles are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["AffineMap", "Angle"]

_DENSE_LIMIT = 1 << 18  # entries: below this one matrix-vector product beats a gather


@dataclass(frozen=True)
class Angle:
    """An affine form ``constant + sum(weight * slot)``; ``terms`` holds (slot, weight) pairs."""

    constant: float = 0.0
    terms: tuple[tuple[int, float], ...] = ()

    def __add__(self, other: Angle | float) -> Angle:
        other = _as_angle(other)
        weights = dict(self.terms)
        for slot, weight in other.terms:
            weights[slot] = weights.get(slot, 0.0) + weight
        kept = tuple(sorted((s, w) for s, w in weights.items() if w != 0.0))
        return Angle(self.constant + other.constant, kept)

    def __mul__(self, factor: float) -> Angle:
        if factor == 0.0:
            return Angle()
        return Angle(self.constant * factor, tuple((s, w * factor) for s, w in self.terms))

    def __neg__(self) -> Angle:
        return self * -1.0

    def __sub__(self, other: Angle | float) -> Angle:
        return self + -_as_angle(other)

    __radd__, __rmul__ = __add__, __mul__

    def modulo(self, period: float) -> Angle:
        """The same angle with its constant near zero, where single precision is finest."""
        return Angle(math.remainder(self.constant, period), self.terms)

    @property
    def is_constant(self) -> bool:
        """Whether no parameter enters."""
        return not self.terms


def _as_angle(value: Angle | float) -> Angle:
    return value if isinstance(value, Angle) else Angle(float(value))


class AffineMap:
    """Many affine forms of the same slots, evaluated together: ``slots[p] -> values[n]``."""

    def __init__(self, rows: Sequence[Angle], width: int) -> None:
        self.width = width
        self.constant = np.array([row.constant for row in rows], float)
        longest = max((len(row.terms) for row in rows), default=0)
        self.is_constant = longest == 0
        self.is_dense = len(rows) * width <= _DENSE_LIMIT
        if self.is_dense:
            self.table = np.zeros((len(rows), width))
            for i, row in enumerate(rows):
                for slot, weight in row.terms:
                    self.table[i, slot] = weight
        else:
            self.slot = np.zeros((len(rows), longest), np.int32)
            self.weight = np.zeros((len(rows), longest))
            for i, row in enumerate(rows):
                for j, (slot, weight) in enumerate(row.terms):
                    self.slot[i, j], self.weight[i, j] = slot, weight

    def __call__(self, slots: jax.Array) -> jax.Array:
        """Values of all forms, shape ``(..., n)`` for slots of shape ``(..., p)``."""
        constant = jnp.asarray(self.constant, slots.dtype)
        if self.is_constant:
            return jnp.broadcast_to(constant, (*slots.shape[:-1], len(self.constant)))
        if self.is_dense:
            table = jnp.asarray(self.table, slots.dtype)
            return jnp.matmul(slots, table.T, precision="highest") + constant
        weight = jnp.asarray(self.weight, slots.dtype)
        return jnp.sum(slots[..., self.slot] * weight, axis=-1) + constant
