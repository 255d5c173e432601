"""The shelf: a list for anybody who comes, known or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit import evaluate
from labkit.cases.recommender.division import Division
from labkit.cases.recommender.rankers import popularity
from labkit.errors import ArgumentError, ShapeError
from labkit.types import Float

__all__ = ["Offered", "Shelf"]


@dataclass(frozen=True)
class Offered:
    """A list for one user.

    Attributes:
        titles: best first.
        personal: whether it was made for this user; else it is what most like.
    """

    titles: tuple[str, ...]
    personal: bool


class Shelf:
    """Offers titles: a user's own list, or the popular one to a stranger.

    Args:
        scores: ``[n, m]`` of a ranker.
        division: what it learned from: rated items are not offered again.
        k: length of a list.

    Raises:
        ShapeError: scores of another shape than the division's users and items.
    """

    def __init__(self, scores: Float[np.ndarray, "n m"], division: Division, *, k: int = 10):
        if scores.shape != division.seen.shape:
            required = f"of shape {division.seen.shape}"
            raise ShapeError("scores", required=required, got=scores.shape)
        self._scores, self._division, self._k = scores, division, k
        self._popular = popularity(division)[:1]

    def __call__(self, user: object) -> Offered:
        """Offer a list to a user, by number.

        A number that was never seen, and a user without a known like, get the popular list; a
        score that is not finite counts as the lowest.

        Raises:
            ArgumentError: not a whole number.
        """
        if isinstance(user, bool) or not isinstance(user, int | np.integer):
            raise ArgumentError("user", required="a whole number", got=user)
        known = 0 <= user < len(self._scores)
        personal = bool(known and self._division.history[user].any())
        scores = self._scores[user][None] if personal else self._popular
        if not np.isfinite(scores).any():
            personal, scores = False, self._popular
        finite = np.where(np.isfinite(scores), scores, np.finfo(np.float32).min)
        seen = self._division.seen[user][None] if known else np.zeros_like(scores, bool)
        left = int((~seen).sum())
        if not left:
            return Offered((), personal=False)
        top = evaluate.top_items(finite, min(self._k, left), known=seen)[0]
        return Offered(tuple(self._division.ratings.titles[i] for i in top), personal)
