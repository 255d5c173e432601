"""Recommendation: MovieLens ml-latest-small, each user's latest fifth, lists of ten."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks._cases import Study, Trained
from labkit.cases import recommender as rec


def _train(seed: int, _folder: Path) -> Trained:
    """All users, all rankers without texts; the seed is that of ALS and of the network."""
    division = rec.by_time(rec.movielens())
    began = time.perf_counter()
    scored = {
        "popularity": rec.score(rec.popularity(division), division),
        "item kNN": rec.score(rec.item_knn(division), division),
        "recent kNN": rec.score(rec.recent_knn(division), division),
        "item regression": rec.score(rec.item_regression(division), division),
        "blend": rec.score(rec.blend(division), division),
        "ALS": rec.score(rec.least_squares(division, seed=seed), division),
    }
    seconds = time.perf_counter() - began
    scores = {f"NDCG@10 of {name}": float(each.ndcg.mean()) for name, each in scored.items()}
    detail: dict[str, float | str] = {"users": float(len(division.users))}
    for other in ("item kNN", "popularity"):
        gain = rec.gain(scored["blend"], scored[other])
        scores[f"lower end of the gain of blend over {other}"] = gain.low
        detail[f"gain over {other}"] = str(gain)
    for name, each in scored.items():
        detail[f"recall@10 of {name}"] = float(np.mean(each.recall))
        detail[f"coverage of {name}"] = each.coverage
    return Trained(scores, seconds, detail)


STUDIES = {
    "movielens_small": Study(
        data="MovieLens ml-latest-small, the latest fifth of each user's ratings, likes of 4 stars",
        goals={
            "NDCG@10 of popularity": None,
            "NDCG@10 of item kNN": None,
            "NDCG@10 of recent kNN": None,
            "NDCG@10 of item regression": None,
            "NDCG@10 of blend": None,
            "NDCG@10 of ALS": None,
            "lower end of the gain of blend over item kNN": 0.0,
            "lower end of the gain of blend over popularity": 0.0,
        },
        chosen=(
            "on the tenth before the fifth that is asked for: kNN (12 settings), fading (5), item "
            "regression (12), ALS (10), 5 blends of their scores"
        ),
        train=_train,
    )
}
