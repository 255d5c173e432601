"""Planted answers for labkit/teach/exercises/entities.py."""

from __future__ import annotations


def by_loops(true, found):
    hits = sum(1 for one in found for other in true if one == other)
    if not hits:
        return 0.0
    precision, recall = hits / len(found), hits / len(true)
    return 2 / (1 / precision + 1 / recall)


WRONG = {
    "entities.f1_by_hand": [
        "",
        lambda t, f: len(set(t) & set(f)) / len(f) if f else 0.0,
        lambda t, f: len(set(t) & set(f)) / len(t),
        lambda t, f: by_loops([e[:2] for e in t], [e[:2] for e in f]),
        lambda t, f: by_loops([e[2] for e in t], [e[2] for e in f]),
        lambda t, f: len(set(t) & set(f)) / len(set(t) | set(f)),
        lambda t, f: 1.0,
    ],
    "entities.allowed_moves": ["", 49, 28, 31, 40, 15, True],
    "entities.ways_to_tag": ["", 13**20, 20 * 169, 260, 247, 169],
    "entities.which_score": ["", "accuracy", "weighted", "A", 0.45],
}

RIGHT = {
    "entities.f1_by_hand": [
        by_loops,
        lambda t, f: 2 * len(set(t) & set(f)) / (len(t) + len(f)),
    ],
    "entities.allowed_moves": [34, 4 * 7 + 3 * 2.0],
    "entities.ways_to_tag": [3211, 3211.0],
    "entities.which_score": ["entity", "Entity "],
}
