"""Latencies counted in buckets of equal relative width: small, mergeable, exact to 1 %."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError

__all__ = ["LatencyHistogram"]


class LatencyHistogram:
    """Counts of durations from 1 µs to 1,000 s, each known to within ``precision``.

    The bounds of the buckets grow by a constant factor, so that any quantile, p99.9 too, has the
    same relative error, and a histogram of any number of values takes the same memory.

    Source:
        Tene, HdrHistogram, https://hdrhistogram.github.io/HdrHistogram/, whose buckets are
        linear within powers of two; these are geometric throughout.

    Example:
        >>> histogram = LatencyHistogram.of([0.001] * 99 + [0.1])
        >>> [f"{histogram.quantile_s(q):.2g}" for q in (0.5, 0.995)]
        ['0.001', '0.1']
    """

    LOWEST_S, HIGHEST_S = 1e-6, 1e3

    def __init__(self, precision: float = 0.01) -> None:
        if not 0 < precision < 1:
            raise ArgumentError("precision", required="between 0 and 1", got=precision)
        self.precision = precision
        # A bucket from b to b (1 + p)² is represented by its middle, b (1 + p).
        self._log_step = 2 * math.log1p(precision)
        buckets = math.ceil(math.log(self.HIGHEST_S / self.LOWEST_S) / self._log_step)
        self.counts = np.zeros(buckets + 1, np.int64)
        self.max_s = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float] | np.ndarray, precision: float = 0.01) -> LatencyHistogram:
        """A histogram of given durations."""
        histogram = cls(precision)
        histogram.add(np.asarray(list(seconds), float))
        return histogram

    @property
    def count(self) -> int:
        """How many durations were counted."""
        return int(self.counts.sum())

    def add(self, seconds: ArrayLike) -> None:
        """Count one or many durations."""
        values = np.atleast_1d(np.asarray(seconds, float))
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise ArgumentError("seconds", required="finite and at least 0", got=seconds)
        if not values.size:
            return
        clipped = np.clip(values, self.LOWEST_S, self.HIGHEST_S)
        index = (np.log(clipped / self.LOWEST_S) / self._log_step).astype(int)
        np.add.at(self.counts, index, 1)
        self.max_s = max(self.max_s, float(values.max()))

    def merge(self, other: LatencyHistogram) -> None:
        """Add another histogram's counts.

        Raises:
            ArgumentError: the precisions differ.
        """
        if other.precision != self.precision:
            required = f"of precision {self.precision}"
            raise ArgumentError("other", required=required, got=other.precision)
        self.counts += other.counts
        self.max_s = max(self.max_s, other.max_s)

    def quantile_s(self, q: float) -> float:
        """The duration that a share ``q`` of them do not exceed, to within ``precision``."""
        if not 0 <= q <= 1:
            raise ArgumentError("q", required="in [0, 1]", got=q)
        if not self.count:
            raise ArgumentError("histogram", required="not empty", got=0)
        rank = max(1, math.ceil(q * self.count))
        index = int(np.searchsorted(np.cumsum(self.counts), rank))
        return min(self.LOWEST_S * math.exp((index + 0.5) * self._log_step), self.max_s)

    def quantiles_s(
        self, qs: Iterable[float] = (0.5, 0.9, 0.95, 0.99, 0.999)
    ) -> Mapping[str, float]:
        """The usual ones, by name.

        Example:
            >>> list(LatencyHistogram.of([1.0]).quantiles_s())
            ['p50', 'p90', 'p95', 'p99', 'p99.9']
        """
        return {f"p{100 * q:g}": self.quantile_s(q) for q in qs}
