"""What is known, what is to be predicted: by each user's time, by one date for all, at random."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labkit.cases.recommender.ratings import Ratings
from labkit.errors import ArgumentError
from labkit.types import Bool, Int

__all__ = ["Division", "by_date", "by_time", "by_user_at_random", "hide_items"]


@dataclass(frozen=True, eq=False)
class Division:
    """Ratings divided into known ones and later ones.

    Attributes:
        ratings: all of them.
        known: ``[r]`` true for those that a model may learn from.
        asked: ``[r]`` true for those that it is to predict; never both.
    """

    ratings: Ratings
    known: Bool[np.ndarray, " r"]
    asked: Bool[np.ndarray, " r"]

    def __post_init__(self) -> None:
        if (self.known & self.asked).any() or not self.known.any() or not self.asked.any():
            required = "some ratings on each side and none on both"
            got = (int(self.known.sum()), int(self.asked.sum()))
            raise ArgumentError("known, asked", required=required, got=got)

    @cached_property
    def seen(self) -> Bool[np.ndarray, "n m"]:
        """Known ratings of any kind: what is not recommended again."""
        return self._table(self.known)

    @cached_property
    def history(self) -> Bool[np.ndarray, "n m"]:
        """Known likes: what models learn from."""
        return self._table(self.known & self.ratings.liked)

    @cached_property
    def relevant(self) -> Bool[np.ndarray, "n m"]:
        """Likes that are asked for."""
        return self._table(self.asked & self.ratings.liked)

    @cached_property
    def users(self) -> Int[np.ndarray, " u"]:
        """Users that can be scored: with a known like, and a like that is asked for."""
        return np.flatnonzero(self.history.any(axis=1) & self.relevant.any(axis=1))

    @cached_property
    def new_users(self) -> Int[np.ndarray, " u"]:
        """Users with a like that is asked for and nothing known."""
        return np.flatnonzero(~self.seen.any(axis=1) & self.relevant.any(axis=1))

    @cached_property
    def sequences(self) -> tuple[Int[np.ndarray, " _l"], ...]:
        """Each user's known likes, in order of time."""
        mine = self.known & self.ratings.liked
        users, items = self.ratings.users[mine], self.ratings.items[mine]
        order = np.argsort(users, kind="stable")  # ratings are in order of time already
        ends = np.cumsum(np.bincount(users, minlength=self.ratings.num_users))[:-1]
        return tuple(np.split(items[order], ends))

    def _table(self, rows: np.ndarray) -> np.ndarray:
        table = np.zeros((self.ratings.num_users, self.ratings.num_items), bool)
        table[self.ratings.users[rows], self.ratings.items[rows]] = True
        return table


def by_time(ratings: Ratings, *, asked: float = 0.2, choosing: float = 0.0) -> Division:
    """Each user's latest ratings are asked for, the earlier ones known.

    Args:
        ratings: all.
        asked: share of a user's ratings.
        choosing: where above 0, the last ``asked`` are left out altogether, and the share before
            them is asked for instead: to choose models without looking at the end.

    Raises:
        ArgumentError: shares that leave nothing to know.
    """
    _check(asked, choosing)
    place, count = _places(ratings, np.arange(len(ratings.users)))
    return _cut(ratings, place, count, asked, choosing)


def by_user_at_random(ratings: Ratings, *, asked: float = 0.2, seed: int = 0) -> Division:
    """A share of each user's ratings, drawn at random: the future helps to predict the past."""
    _check(asked, 0.0)
    mixed = np.random.default_rng(seed).permutation(len(ratings.users))
    place, count = _places(ratings, mixed)
    return _cut(ratings, place, count, asked, 0.0)


def by_date(ratings: Ratings, *, asked: float = 0.2) -> Division:
    """One date for all: known is what came before it. As a service on that day would know it."""
    _check(asked, 0.0)
    date = np.quantile(ratings.times_s, 1 - asked)
    return Division(ratings, ratings.times_s < date, ratings.times_s >= date)


def _places(ratings: Ratings, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each rating, its place among its user's in this order, and how many the user gave."""
    sizes = np.bincount(ratings.users)
    sorted_rows = order[np.argsort(ratings.users[order], kind="stable")]
    within = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.empty(len(order), int)
    place[sorted_rows] = within
    return place, sizes[ratings.users]


def _cut(
    ratings: Ratings, place: np.ndarray, count: np.ndarray, asked: float, choosing: float
) -> Division:
    last = np.round(count * (1 - asked))
    first = np.round(count * (1 - asked - choosing))
    if choosing:
        return Division(ratings, place < first, (place >= first) & (place < last))
    return Division(ratings, place < last, place >= last)


def _check(asked: float, choosing: float) -> None:
    if not 0 < asked < 1 or not 0 <= choosing < 1 - asked:
        required = "shares above 0 that leave something to know"
        raise ArgumentError("asked, choosing", required=required, got=(asked, choosing))


def hide_items(
    division: Division, share: float = 0.1, *, seed: int = 0
) -> tuple[Division, Int[np.ndarray, " h"]]:
    """The same division as if some items had just come out: nobody is known to have rated them.

    Args:
        division: to change.
        share: of the items.
        seed: of the draw.

    Returns:
        The division with their known ratings gone, and the items.

    Raises:
        ArgumentError: a share that hides none, or all.
    """
    items = division.ratings.num_items
    count = round(share * items)
    if not 1 <= count < items:
        raise ArgumentError("share", required="one that hides some items", got=share)
    hidden = np.sort(np.random.default_rng(seed).permutation(items)[:count])
    left = division.known & ~np.isin(division.ratings.items, hidden)
    return Division(division.ratings, left, division.asked), hidden
