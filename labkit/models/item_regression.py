"""Each item from all others: a linear model whose best weights are known in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.types import Float

__all__ = ["ItemRegression"]


@dataclass(frozen=True, eq=False)
class ItemRegression:
    """For each item, the ridge regression of who has it on who has the others (EASE).

    The weights ``I - P / diag(P)`` with ``P = (XᵀX + regularisation I)⁻¹`` are never written down:
    with users fewer than items, Woodbury's identity needs the inverse of a table of users only.

    Attributes:
        history: ``[n, m]`` X.
        solved: ``[n, m]`` ``(XXᵀ + regularisation I)⁻¹ X``.
        diagonal: ``[m]`` of P.
        regularisation: of the weights.

    Source: Steck 2019, "Embarrassingly shallow autoencoders for sparse data" (arXiv:1905.03375),
        equation 8; there with the inverse of a table of items.
    """

    history: Float[np.ndarray, "n m"]
    solved: Float[np.ndarray, "n m"]
    diagonal: Float[np.ndarray, " m"]
    regularisation: float

    @classmethod
    def of(cls, history: ArrayLike, *, regularisation: float = 100.0) -> ItemRegression:
        """From who has what.

        Args:
            history: ``[n, m]`` 1 where a user has an item, else 0.
            regularisation: of the weights.

        Raises:
            ShapeError: no table.
            ArgumentError: a regularisation that is not positive.

        Example:
            >>> model = ItemRegression.of([[1, 1, 0], [1, 1, 0], [0, 0, 1]], regularisation=1.0)
            >>> round(float(model.scores([[1, 0, 0]])[0, 1]), 2)
            0.67
        """
        owned = np.asarray(history, np.float64)
        if owned.ndim != 2:
            raise ShapeError("history", required="a table of users and items", got=owned.shape)
        if not regularisation > 0:
            raise ArgumentError("regularisation", required="above 0", got=regularisation)
        alike = owned @ owned.T + regularisation * np.eye(len(owned))
        solved = np.linalg.solve(alike, owned)
        diagonal = (1.0 - (owned * solved).sum(axis=0)) / regularisation
        return cls(owned, solved, diagonal, regularisation)

    def scores(self, history: ArrayLike) -> Float[np.ndarray, "u m"]:
        """What the regressions give for users with these items; weights other than 1 are taken."""
        given = np.asarray(history, np.float64)
        inverse = (given - (given @ self.history.T) @ self.solved) / self.regularisation
        return given - inverse / self.diagonal
