"""Measure what a server's batches cost, and predict with it what it does under any load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.serve.load import LoadResult, run_load
from labkit.serve.simulate import batching, diurnal
from labkit.types import Float

__all__ = ["ServiceTimes", "bursts", "measure_service"]

#: Quantiles of the readings of one size that a batch draws from.
_DRAWS = 256


@dataclass(frozen=True)
class ServiceTimes:
    """What batches of 1, 2, ..., ``max_batch`` requests cost, one array of readings for each.

    Attributes:
        engine_s: seconds that the batch held the engine: from when it was due and the engine
            free until it was computed.
        around_s: the rest of a request's latency that is not waiting for the engine: the way
            through the client, the kernel's sockets, HTTP, and back.
    """

    engine_s: tuple[Float[np.ndarray, " _n"], ...]
    around_s: tuple[Float[np.ndarray, " _m"], ...]

    @classmethod
    def of(cls, run: LoadResult, *, max_batch: int) -> ServiceTimes:
        """From a run in which batches of several sizes occurred.

        A size that did not occur takes the readings of the next larger one that did, else of the
        next smaller.

        Raises:
            ArgumentError: no request of the run was computed.
        """
        size, computed_s = run.batch_rows, run.timing("engine")
        around_s = run.latency_s - run.timing("queue") - computed_s
        engine_s = computed_s + np.nan_to_num(run.timing("late"))
        seen = {k: size == k for k in range(1, max_batch + 1) if np.any(size == k)}
        if not seen:
            raise ArgumentError("run", required="one with computed answers", got=run.statuses)
        near = [
            min(seen, key=lambda other: (other < k, abs(other - k)))
            for k in range(1, max_batch + 1)
        ]
        return cls(
            tuple(np.sort(engine_s[seen[k]]) for k in near),
            tuple(np.sort(np.maximum(around_s[seen[k]], 0.0)) for k in near),
        )

    @property
    def mean_s(self) -> Float[np.ndarray, " sizes"]:
        """Mean time of the engine by size of the batch."""
        return np.array([readings.mean() for readings in self.engine_s])

    @property
    def capacity_per_s(self) -> float:
        """Requests per second with every batch full: no server answers more for long."""
        return len(self.engine_s) / float(self.mean_s[-1])

    def predict(
        self, gaps_s: ArrayLike, *, max_wait_s: float, seed: int = 0
    ) -> Float[np.ndarray, " n"]:
        """The latency of each request of a load, in seconds.

        Requests go through :func:`labkit.serve.simulate.batching`, each batch with a time drawn
        from the readings of its size, so that a slow one holds up those behind it; the way around
        the engine is drawn likewise.

        Args:
            gaps_s: seconds between the requests, as for ``run_load``.
            max_wait_s: the server's setting.
            seed: of the draws.
        """
        gaps = jnp.asarray(np.asarray(gaps_s, np.float32).reshape(-1, 1))
        shares = (np.arange(_DRAWS) + 0.5) / _DRAWS
        table = [np.quantile(each, shares, method="inverted_cdf") for each in self.engine_s]
        key = jax.random.key(seed)
        run = batching(gaps, np.stack(table), max_wait_s=max_wait_s, key=key)
        sizes = np.asarray(run.batch_size)[:, 0]
        rng = np.random.default_rng(seed)
        around_s = np.empty(len(sizes))
        for size in np.unique(sizes):
            mine = sizes == size
            around_s[mine] = rng.choice(self.around_s[size - 1], mine.sum())
        return np.asarray(run.latency_s, np.float64)[:, 0] + around_s


def bursts(sizes: Sequence[int], rest_s: float) -> Float[np.ndarray, " n"]:
    """Gaps of a load that comes in bursts of the given sizes, ``rest_s`` apart.

    Example:
        >>> bursts([1, 3], rest_s=0.5).tolist()
        [0.5, 0.5, 0.0, 0.0]
    """
    return np.concatenate([[rest_s, *[0.0] * (size - 1)] for size in sizes])


def measure_service(
    url: str,
    bodies: Sequence[bytes],
    *,
    max_batch: int,
    headers: Mapping[str, str] | None = None,
    seconds: float = 8.0,
    rest_s: float = 0.1,
    seed: int = 0,
) -> ServiceTimes:
    """Ask a server at random, at rates that swing once from none to nearly all it can answer.

    Service times are those of a server at work. What reads the next requests, writes the last
    answers and sends them all runs on the same cores as the engine and holds it up; a server
    that rested between single bursts would answer a full batch a third sooner than it ever does.

    Args:
        url: of the inference route, on a loopback address.
        bodies: of one row each.
        max_batch: the server's setting.
        headers: of each request.
        seconds: that the swing takes; some bursts before it warm the server up and tell
            how much it can answer.
        rest_s: between these bursts.
        seed: of the arrivals.
    """
    burst = 4 * max_batch
    first = run_load(url, bodies, bursts([burst] * 6, rest_s), headers=headers, connections=burst)
    whole_s = np.nanmax(first.latency_s.reshape(-1, burst)[1:], axis=1)
    highest = burst / float(np.median(whole_s))
    count = max(1, int(highest / 2 * seconds))
    gaps = np.asarray(
        diurnal(jax.random.key(seed), highest / 2, count, peak_to_mean=2.0, period_s=seconds)
    )
    run = run_load(url, bodies, gaps, headers=headers, connections=256)
    return ServiceTimes.of(run, max_batch=max_batch)
