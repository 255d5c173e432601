"""Items like those a user has: the neighbourhood model, without any training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.types import Float

__all__ = ["ItemKNN"]


@dataclass(frozen=True, eq=False)
class ItemKNN:
    """How alike items are, each to its nearest neighbours only.

    Attributes:
        similarity: ``[m, m]`` of an item (row) to its neighbours; 0 elsewhere and on the diagonal.

    Source: Deshpande and Karypis 2004, ACM TOIS 22(1), with the shrinkage of Bell and Koren 2007.
    """

    similarity: Float[np.ndarray, "m m"]

    @classmethod
    def of(cls, history: ArrayLike, *, neighbours: int = 50, shrinkage: float = 10.0) -> ItemKNN:
        """From who has what.

        Args:
            history: ``[n, m]`` 1 where a user has an item, else 0.
            neighbours: similar items kept for each item.
            shrinkage: added to the denominator of the cosine: what few users share counts little.

        Raises:
            ShapeError: no table.
            ArgumentError: no neighbours, or a negative shrinkage.

        Example:
            >>> model = ItemKNN.of([[1, 1, 0], [1, 1, 0], [0, 1, 1]], neighbours=1, shrinkage=0)
            >>> model.similarity.argmax(axis=1).tolist()  # the nearest of each
            [1, 0, 1]
        """
        owned = np.asarray(history, np.float32)
        if owned.ndim != 2:
            raise ShapeError("history", required="a table of users and items", got=owned.shape)
        if neighbours < 1 or shrinkage < 0:
            got = (neighbours, shrinkage)
            raise ArgumentError("neighbours, shrinkage", required="at least 1, and 0", got=got)
        similarity = owned.T @ owned
        length = np.sqrt(np.diag(similarity))
        similarity /= np.maximum(np.outer(length, length) + np.float32(shrinkage), 1e-9)
        np.fill_diagonal(similarity, 0.0)
        for row in similarity:  # row by row, for the table may be all that memory holds
            some = np.flatnonzero(row)
            row[some[np.argsort(-row[some], kind="stable")[neighbours:]]] = 0.0
        return cls(similarity)

    def scores(self, history: ArrayLike) -> Float[np.ndarray, "n m"]:
        """For each user, the sum of an item's similarities to those the user has."""
        return np.asarray(history, np.float32) @ self.similarity.T
