"""Case 25, recommendation: what will this user like next?

``movielens`` and ``synthetic`` give ratings, ``by_time`` divides them without looking ahead,
``RANKERS`` learn, ``score`` and ``gain`` judge, ``Shelf`` offers.
"""

from __future__ import annotations

from labkit.cases.recommender.division import (
    Division,
    by_date,
    by_time,
    by_user_at_random,
    hide_items,
)
from labkit.cases.recommender.rankers import (
    RANKERS,
    Ranker,
    blend,
    item_knn,
    item_regression,
    least_squares,
    next_item,
    pairwise,
    popularity,
    recent_knn,
    successors,
    two_tower,
)
from labkit.cases.recommender.ratings import LIKED, Ratings, movielens, synthetic
from labkit.cases.recommender.scoring import Scored, gain, score, score_new_items
from labkit.cases.recommender.shelf import Offered, Shelf

__all__ = [
    "LIKED",
    "RANKERS",
    "Division",
    "Offered",
    "Ranker",
    "Ratings",
    "Scored",
    "Shelf",
    "blend",
    "by_date",
    "by_time",
    "by_user_at_random",
    "gain",
    "hide_items",
    "item_knn",
    "item_regression",
    "least_squares",
    "movielens",
    "next_item",
    "pairwise",
    "popularity",
    "recent_knn",
    "score",
    "score_new_items",
    "successors",
    "synthetic",
    "two_tower",
]
