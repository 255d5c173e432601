"""What comes soon after what a user has: the neighbourhood model of sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.types import Float, Int

__all__ = ["Successors"]


@dataclass(frozen=True, eq=False)
class Successors:
    """How often an item came soon after another, for its frequency.

    Attributes:
        after: ``[m, m]`` how readily an item (column) follows another (row).
    """

    after: Float[np.ndarray, "m m"]

    @classmethod
    def of(
        cls,
        sequences: Sequence[Int[np.ndarray, " _l"]],
        num_items: int,
        *,
        reach: int = 5,
        shrinkage: float = 20.0,
    ) -> Successors:
        """From the order in which each user came to the items.

        Args:
            sequences: each user's items, the oldest first.
            num_items: of the catalogue.
            reach: an item that came ``a`` places later, at most ``reach``, counts ``1 / a``.
            shrinkage: added to the denominator, the geometric mean of the two items' frequencies.

        Raises:
            ArgumentError: no reach, or a negative shrinkage.

        Example:
            >>> model = Successors.of([np.array([0, 1, 2])], 3, reach=2, shrinkage=0)
            >>> model.after[0].tolist()
            [0.0, 1.0, 0.5]
        """
        if reach < 1 or shrinkage < 0:
            raise ArgumentError(
                "reach, shrinkage", required="at least 1, and 0", got=(reach, shrinkage)
            )
        after = np.zeros((num_items, num_items), np.float32)
        counts = np.zeros(num_items, np.float32)
        for sequence in sequences:
            np.add.at(counts, sequence, 1)
            for apart in range(1, min(reach + 1, len(sequence))):
                np.add.at(after, (sequence[:-apart], sequence[apart:]), 1.0 / apart)
        length = np.sqrt(counts)
        after /= np.maximum(np.outer(length, length) + np.float32(shrinkage), 1e-9)
        return cls(after)

    def scores(self, history: ArrayLike) -> Float[np.ndarray, "n m"]:
        """For each user, the sum over what the user has, as it is weighted in ``history``."""
        return np.asarray(history, np.float32) @ self.after
