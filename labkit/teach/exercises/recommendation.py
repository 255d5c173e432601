"""Exercises of notebook 25: the worth of a list, a leak, how much a search looks at."""

from __future__ import annotations

import math

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]


def _ndcg(hits: list[int], relevant: int) -> float:
    gained = sum(hit / math.log2(rank + 1) for rank, hit in enumerate(hits, start=1))
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(hits), relevant) + 1))
    return gained / best


NDCG = Exercise(
    name="recommendation.ndcg",
    prompt=(
        "A list holds `hits`, a 1 for each relevant item and a 0 for each other, best place first; "
        "`relevant` items are relevant in all, at least one. A hit at place r (from 1) gains "
        "`1 / log2(r + 1)`. Write a function of `hits` and `relevant` that returns the gain of the "
        "list as a share of that of the best list of the same length."
    ),
    judge=judges.function(
        _ndcg,
        [([1, 0, 1], 2), ([0, 0, 0, 1], 9), ([1, 1], 1), ([0, 1, 1, 0, 0], 3)],
        traps=[
            (
                lambda hits, relevant: sum(hits) / relevant,
                "That is recall: the place of a hit does not count in it.",
            ),
            (
                lambda hits, _relevant: sum(
                    hit / math.log2(rank + 1) for rank, hit in enumerate(hits, start=1)
                ),
                "That is the gain; hold it against that of the best list.",
            ),
            (
                lambda hits, _relevant: (
                    sum(h / math.log2(r + 1) for r, h in enumerate(hits, start=1))
                    / sum(1 / math.log2(r + 1) for r in range(1, len(hits) + 1))
                ),
                "The best list has a hit on a place only while relevant items are left.",
            ),
        ],
    ),
    hints=(
        "What does the best list of this length look like, if few items are relevant?",
        "It begins with min(len(hits), relevant) hits.",
    ),
    solution=(
        "def ndcg(hits, relevant):\n"
        "    discount = 1 / np.log2(np.arange(len(hits)) + 2)\n"
        "    return np.dot(hits, discount) / discount[:relevant].sum()"
    ),
    praise="A perfect list counts 1 for the user with one like and for the one with a hundred.",
)

LEAK = Exercise(
    name="recommendation.leak",
    prompt=(
        "A user's ratings of three films of a series are divided at random: part 2 is asked for, "
        'parts 1 and 3 are known. Item kNN puts part 2 first. What is wrong? Answer "nothing", '
        '"future" (it learned from what came later), "popularity" or "overfitting".'
    ),
    judge=judges.choice(
        "future",
        among=("nothing", "future", "popularity", "overfitting"),
        traps={
            "nothing": "Would part 3 have been known on the day that part 2 was recommended?",
            "popularity": "The list is the user's own: what made it possible?",
            "overfitting": "It would be right on any user of this division, and wrong in service.",
        },
    ),
    hints=("When did the user rate part 3?", "On that day, part 2 had long been seen."),
    solution='"future"',
    praise="Divide by time, and a comparison asks what the service will be asked.",
)

LOOKED_AT = Exercise(
    name="recommendation.looked_at",
    prompt=(
        "An index sorts `items` vectors into `lists` lists of equal length. A query is compared "
        "with every centre, then with the members of `probes` lists. Write a function of `items`, "
        "`lists` and `probes` that returns how many vectors, centres included, a query is "
        "compared with."
    ),
    judge=judges.function(
        lambda items, lists, probes: lists + probes * items / lists,
        [(100_000, 316, 8), (1_000_000, 1000, 1), (1000, 10, 10)],
        traps=[
            (
                lambda items, lists, probes: probes * items / lists,
                "To find the lists, it was compared with the centres.",
            ),
            (
                lambda _items, lists, probes: lists + probes * lists,
                "A list has as many members as there are items for each list.",
            ),
            (
                lambda items, _lists, _probes: items,
                "That is the exact search.",
            ),
        ],
    ),
    hints=(
        "How long is a list?",
        "Add the centres to the members of the lists that are looked at.",
    ),
    solution="lambda items, lists, probes: lists + probes * items / lists",
    praise="It is least where lists are about the square root of probes × items.",
)

EXERCISES = (NDCG, LEAK, LOOKED_AT)
