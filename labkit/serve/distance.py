"""How far two samples are apart: an index that says how much, a test that says how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import kstwo

from labkit.errors import ArgumentError

__all__ = ["KSTest", "bin_edges", "ks_test", "population_stability", "psi", "stability"]

#: A share that is empty on one side would make the index infinite.
_SMALLEST_SHARE = 1e-4


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Population stability index of two histograms: sum of ``(a - e) ln(a / e)`` over shares.

    Below 0.1 is usually read as no change, above 0.25 as a real one; it has no error rate.

    Args:
        expected: counts or shares by bin, of the reference.
        actual: the same of what is compared with it.

    Raises:
        ArgumentError: the histograms differ in length or are empty.

    Source:
        Siddiqi, Credit Risk Scorecards, 2006, chapter 9. It is the sum of the two
        Kullback-Leibler divergences. Empty bins are given a share of 0.0001.

    Example:
        >>> round(psi([50, 50], [25, 75]), 4)
        0.2747
    """
    e, a = np.asarray(expected, float), np.asarray(actual, float)
    if e.shape != a.shape or e.ndim != 1 or e.sum() <= 0 or a.sum() <= 0:
        raise ArgumentError(
            "actual", required=f"a histogram like expected, of {e.size} bins", got=actual
        )
    e, a = np.maximum(e / e.sum(), _SMALLEST_SHARE), np.maximum(a / a.sum(), _SMALLEST_SHARE)
    return float(np.sum((a - e) * np.log(a / e)))


def population_stability(reference: ArrayLike, sample: ArrayLike, *, bins: int = 10) -> float:
    """PSI of two samples, in bins that hold equal shares of the reference.

    Example:
        >>> population_stability(np.arange(1000), np.arange(1000))
        0.0
    """
    return stability(bin_edges(np.asarray(reference, float), bins), reference, sample)


@dataclass(frozen=True)
class KSTest:
    """The largest distance of two cumulative distributions, and how likely chance makes it."""

    statistic: float
    p_value: float


def ks_test(reference: ArrayLike, sample: ArrayLike) -> KSTest:
    """Kolmogorov and Smirnov's two-sample test, two-sided.

    Args:
        reference: numbers.
        sample: numbers.

    Raises:
        ArgumentError: one of them is empty.

    Source:
        Hodges, The significance probability of the Smirnov two-sample test, Arkiv för
        Matematik 3, 1958, for the distribution with the rounded size ``n m / (n + m)``.

    Example:
        >>> ks_test([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).statistic
        0.0
    """
    x, y = (np.sort(np.asarray(side, float).ravel()) for side in (reference, sample))
    if not (x.size and y.size):
        raise ArgumentError("sample", required="not empty, like reference", got=(x.size, y.size))
    both = np.concatenate([x, y])
    below = (np.searchsorted(side, both, side="right") / side.size for side in (x, y))
    statistic = float(np.max(np.abs(next(below) - next(below))))
    size = max(1.0, np.round(x.size * y.size / (x.size + y.size)))
    return KSTest(statistic, float(np.clip(kstwo.sf(statistic, size), 0.0, 1.0)))


def bin_edges(reference: np.ndarray, bins: int) -> np.ndarray:
    """Inner edges of bins with equal shares of the reference; fewer where values repeat."""
    return np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1]))


def stability(edges: np.ndarray, reference: ArrayLike, sample: ArrayLike) -> float:
    """PSI of two samples in bins with the given inner edges."""
    counts = [
        np.bincount(
            np.searchsorted(edges, np.asarray(side, float), side="right"), minlength=edges.size + 1
        )
        for side in (reference, sample)
    ]
    return psi(*counts)
