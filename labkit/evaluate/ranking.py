"""How good a list of recommendations is: for one user each, to be averaged or resampled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError

__all__ = ["catalogue_coverage", "ndcg", "novelty", "popularity_lift", "recall", "top_items"]


def top_items(scores: ArrayLike, k: int, *, known: ArrayLike | None = None) -> np.ndarray:
    """The ``k`` items with the highest scores for each user, best first.

    Args:
        scores: ``[n, m]`` of users and items; equal ones go in the order of the items.
        k: length of the lists.
        known: ``[n, m]`` true where a user has the item already: it is not recommended.

    Returns:
        ``[n, k]`` item numbers.

    Raises:
        ShapeError: scores that are no table, or another shape of ``known``.
        ArgumentError: a user with fewer than ``k`` items left.

    Example:
        >>> top_items([[0.1, 0.9, 0.5]], 2, known=[[False, True, False]]).tolist()
        [[2, 0]]
    """
    table = np.array(scores, dtype=float)
    if table.ndim != 2:
        raise ShapeError("scores", required="a table of users and items", got=table.shape)
    if known is not None:
        taken = np.asarray(known, bool)
        if taken.shape != table.shape:
            raise ShapeError("known", required=f"of shape {table.shape}", got=taken.shape)
        table[taken] = -np.inf
    left = int(np.isfinite(table).sum(axis=1).min())
    if not 1 <= k <= left:
        raise ArgumentError("k", required=f"1 to {left}, the fewest items left", got=k)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


def recall(top: ArrayLike, relevant: ArrayLike) -> np.ndarray:
    """Of what is relevant to each user, the share that the list holds.

    Args:
        top: ``[n, k]`` recommended items.
        relevant: ``[n, m]`` true where an item is relevant; at least one for each user.

    Raises:
        ShapeError: tables that do not fit each other.
        ArgumentError: a user to whom nothing is relevant: leave such users out.

    Example:
        >>> recall([[0, 2]], [[True, True, False]]).tolist()
        [0.5]
    """
    hits, count = _hits(top, relevant)
    return hits.sum(axis=1) / count


def ndcg(top: ArrayLike, relevant: ArrayLike) -> np.ndarray:
    """Discounted gain of each list over that of the best list: a hit at rank r counts 1/log2(r+1).

    Args:
        top: ``[n, k]`` recommended items, best first.
        relevant: ``[n, m]`` true where an item is relevant; at least one for each user.

    Raises:
        ShapeError: tables that do not fit each other.
        ArgumentError: a user to whom nothing is relevant: leave such users out.

    Source: Järvelin and Kekäläinen 2002, ACM TOIS 20(4), with gains of 0 and 1.

    Example:
        >>> ndcg([[1, 0], [0, 1]], [[True, False, False]] * 2).round(3).tolist()
        [0.631, 1.0]
    """
    hits, count = _hits(top, relevant)
    k = hits.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.cumsum(discount)[np.minimum(count, k) - 1]
    return (hits * discount).sum(axis=1) / best


def catalogue_coverage(top: ArrayLike, num_items: int) -> float:
    """The share of the catalogue that anybody is recommended.

    Example:
        >>> catalogue_coverage([[0, 1], [1, 0]], 4)
        0.5
    """
    items = np.unique(np.asarray(top))
    if len(items) and not 0 <= items[0] <= items[-1] < num_items:
        raise ArgumentError("top", required=f"items 0 to {num_items - 1}", got=int(items[-1]))
    return len(items) / num_items


def novelty(top: ArrayLike, counts: ArrayLike, num_users: int) -> np.ndarray:
    """Mean surprise of each list in bits: ``-log2`` of the share of users who have the item.

    Args:
        top: ``[n, k]`` recommended items.
        counts: ``[m]`` users who have each item; an item nobody has counts as one user's.
        num_users: all users.

    Source: Zhou et al. 2010, PNAS 107(10), "self-information".

    Example:
        >>> novelty([[0, 1]], [8, 2], 8).tolist()
        [1.0]
    """
    share = np.maximum(np.asarray(counts), 1) / num_users
    return -np.log2(share)[np.asarray(top)].mean(axis=1)


def popularity_lift(top: ArrayLike, history: ArrayLike) -> np.ndarray:
    """How much more popular each list is than what the user chose alone: 0 is alike, 1 twice.

    Args:
        top: ``[n, k]`` recommended items.
        history: ``[n, m]`` true where a user has an item; at least one for each user.

    Source: Abdollahpouri et al. 2019 (arXiv:1907.13286), the group's average popularity, here
        user by user.

    Example:
        >>> popularity_lift([[0], [0]], [[True, False], [True, True]]).round(2).tolist()
        [0.0, 0.33]
    """
    owned = np.asarray(history, bool)
    if not owned.any(axis=1).all():
        raise ArgumentError("history", required="an item for each user", got="a user with none")
    popularity = owned.mean(axis=0)
    own = (owned * popularity).sum(axis=1) / owned.sum(axis=1)
    return popularity[np.asarray(top)].mean(axis=1) / own - 1


def _hits(top: ArrayLike, relevant: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Which places of each list are relevant, and how many items are."""
    lists, wanted = np.asarray(top), np.asarray(relevant, bool)
    if lists.ndim != 2 or wanted.ndim != 2 or len(lists) != len(wanted):
        got = f"{lists.shape} and {wanted.shape}"
        raise ShapeError("top and relevant", required="two tables, a row for each user", got=got)
    count = wanted.sum(axis=1)
    if not count.all():
        fix = "Leave such users out: no list is right or wrong for them."
        raise ArgumentError("relevant", required="an item for each user", got="none", fix=fix)
    return np.take_along_axis(wanted, lists, axis=1), count
