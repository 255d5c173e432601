"""Planted answers for labkit/teach/exercises/recommendation.py."""

from __future__ import annotations

import math

import numpy as np


def _by_arrays(hits, relevant):
    discount = 1 / np.log2(np.arange(len(hits)) + 2)
    return np.dot(hits, discount) / discount[:relevant].sum()


def _by_loop(hits, relevant):
    gained = best = 0.0
    for place in range(len(hits)):
        worth = math.log(2) / math.log(place + 2)
        gained += worth * hits[place]
        best += worth if place < relevant else 0.0
    return gained / best


WRONG = {
    "recommendation.ndcg": [
        "",
        0.5,
        lambda hits, relevant: sum(hits) / relevant,
        lambda hits, relevant: sum(hits) / len(hits),
        lambda hits, relevant: np.dot(hits, 1 / np.log2(np.arange(len(hits)) + 2)),
        lambda hits, relevant: _by_arrays(hits, len(hits)),
        lambda hits, relevant: _by_arrays(hits, 1),
    ],
    "recommendation.leak": ["", "nothing", "popularity", "overfitting", "the future", 3],
    "recommendation.looked_at": [
        "",
        1000,
        lambda items, lists, probes: probes * items / lists,
        lambda items, lists, probes: lists + probes * lists,
        lambda items, lists, probes: items,
        lambda items, lists, probes: lists + items / lists,
        lambda items, lists: lists + items / lists,
    ],
}

RIGHT = {
    "recommendation.ndcg": [_by_arrays, _by_loop],
    "recommendation.leak": ["future", "Future "],
    "recommendation.looked_at": [
        lambda items, lists, probes: lists + probes * items / lists,
        lambda items, lists, probes: (lists**2 + probes * items) / lists,
    ],
}
