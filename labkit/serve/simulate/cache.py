"""A response cache: which requests it answers, by running it and by Che's approximation."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from labkit.errors import ArgumentError
from labkit.types import Bool, Float, Int

__all__ = ["CacheRun", "che_hit_ratio", "lru", "zipf_keys"]


class CacheRun(NamedTuple):
    """Which requests were answered from the cache."""

    hit: Bool[np.ndarray, " n"]

    @property
    def hit_ratio(self) -> float:
        """Share of requests answered from the cache."""
        return float(self.hit.mean()) if self.hit.size else 0.0


def zipf_keys(n: int, *, keys: int, exponent: float = 0.9, seed: int = 0) -> Int[np.ndarray, " n"]:
    """Requests for one of ``keys`` items, item ``i`` with weight ``1 / (i + 1)**exponent``."""
    weights = zipf_weights(keys, exponent)
    uniform = np.random.default_rng(seed).random(n)
    return np.searchsorted(np.cumsum(weights), uniform, side="right").clip(max=keys - 1)


def zipf_weights(keys: int, exponent: float) -> Float[np.ndarray, " keys"]:
    """Probabilities of the items, most wanted first."""
    if keys < 1:
        raise ArgumentError("keys", required="at least 1", got=keys)
    weights = 1.0 / np.arange(1, keys + 1) ** exponent
    return weights / weights.sum()


def lru(requested: ArrayLike, capacity: int) -> CacheRun:
    """Keep the ``capacity`` items used last; a miss fetches its item and drops the oldest.

    Example:
        >>> lru([1, 2, 1, 3, 2], capacity=2).hit.tolist()
        [False, False, True, False, False]
    """
    if capacity < 0:
        raise ArgumentError("capacity", required="at least 0", got=capacity)
    kept: OrderedDict[int, None] = OrderedDict()
    hits = []
    for item in np.asarray(requested).ravel().tolist():
        hit = item in kept
        hits.append(hit)
        if hit:
            kept.move_to_end(item)
        else:
            kept[item] = None
            if len(kept) > capacity:
                kept.popitem(last=False)
    return CacheRun(np.array(hits, bool))


def che_hit_ratio(weights: ArrayLike, capacity: int) -> float:
    """Hit ratio of LRU under independent requests, without running it.

    An item is in the cache while it was asked for within the characteristic time T, and T
    is such that the expected number of items in the cache is its capacity.

    Source:
        Che, Tung and Wang, Hierarchical Web Caching Systems, IEEE JSAC 20(7), 2002.
    """
    p = np.asarray(weights, float)
    p = p / p.sum()
    if capacity >= np.count_nonzero(p):
        return 1.0
    if capacity == 0:
        return 0.0
    time = brentq(
        lambda t: np.sum(-np.expm1(-p * t)) - capacity, 0.0, 1e3 * p.size / p[p > 0].min()
    )
    return float(np.sum(p * -np.expm1(-p * time)))
