"""A ranker's lists scored user by user, with intervals over users; and two rankers compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit import evaluate
from labkit.cases.recommender.division import Division
from labkit.types import Float, Int

__all__ = ["Scored", "gain", "score", "score_new_items"]


@dataclass(frozen=True, eq=False)
class Scored:
    """What lists of length ``k`` are worth; arrays have a number for each scored user.

    Attributes:
        top: ``[u, k]`` the lists.
        recall: share of a user's later likes in the list.
        ndcg: the same with a higher place counting more.
        novelty_bits: how rare the listed items are.
        popularity_lift: how much more popular than the user's own likes.
        coverage: share of the catalogue in any list.
    """

    top: Int[np.ndarray, "u k"]
    recall: Float[np.ndarray, " u"]
    ndcg: Float[np.ndarray, " u"]
    novelty_bits: Float[np.ndarray, " u"]
    popularity_lift: Float[np.ndarray, " u"]
    coverage: float

    def interval(self, name: str = "ndcg") -> evaluate.Estimate:
        """The mean over users with its bootstrap interval."""
        return evaluate.bootstrap_interval(np.mean, getattr(self, name))


def score(scores: Float[np.ndarray, "n m"], division: Division, *, k: int = 10) -> Scored:
    """Lists of what a user has not rated yet, scored by what the user liked later.

    Raises:
        ArgumentError: a user with fewer than ``k`` items left.
    """
    users = division.users
    top = evaluate.top_items(scores[users], k, known=division.seen[users])
    relevant, history = division.relevant[users], division.history
    counts = history.sum(axis=0)
    return Scored(
        top=top,
        recall=evaluate.recall(top, relevant),
        ndcg=evaluate.ndcg(top, relevant),
        novelty_bits=evaluate.novelty(top, counts, len(history)),
        popularity_lift=_lift(top, history, users),
        coverage=evaluate.catalogue_coverage(top, history.shape[1]),
    )


def score_new_items(
    scores: Float[np.ndarray, "n m"],
    division: Division,
    items: Int[np.ndarray, " h"],
    *,
    k: int = 10,
) -> Float[np.ndarray, " u"]:
    """NDCG of lists of new items alone, for each user who later likes one of them.

    Args:
        scores: of a ranker that learned with these items hidden.
        division: what it learned from.
        items: those that are new, as :func:`hide_items` drew them.
        k: length of a list.
    """
    relevant = division.relevant[:, items]
    users = np.flatnonzero(relevant.any(axis=1) & division.history.any(axis=1))
    top = evaluate.top_items(scores[np.ix_(users, items)], k)
    return evaluate.ndcg(top, relevant[users])


def gain(ours: Scored, theirs: Scored, name: str = "ndcg") -> evaluate.Estimate:
    """Mean of the differences, user by user, with its bootstrap interval over users."""
    return evaluate.bootstrap_interval(np.mean, getattr(ours, name) - getattr(theirs, name))


def _lift(top: np.ndarray, history: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Popularity is counted over all users, the scored ones' lists are held to their own likes."""
    lists = np.zeros((len(history), top.shape[1]), int)
    lists[users] = top
    some = history.any(axis=1)
    lifts = np.zeros(len(history))
    lifts[some] = evaluate.popularity_lift(lists[some], history[some])
    return lifts[users]
