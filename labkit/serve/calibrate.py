"""Measure what a server's batches cost, and predict with it what it does under any load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import trim_mean

from labkit.errors import ArgumentError
from labkit.serve.load import LoadResult, run_load
from labkit.serve.simulate import batching
from labkit.types import Float

__all__ = ["ServiceTimes", "bursts", "measure_service"]


@dataclass(frozen=True)
class ServiceTimes:
    """What batches of 1, 2, ..., ``max_batch`` requests cost, one array of readings for each.

    Attributes:
        engine_s: seconds that the engine was busy with the batch.
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
        size, engine_s = run.batch_rows, run.timing("engine")
        around_s = run.latency_s - run.timing("queue") - engine_s
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
        """Mean time of the engine by size of the batch, its outer tenths left out.

        A reading in which another program held the machine is none of the engine's.
        """
        return np.array([trim_mean(readings, 0.1) for readings in self.engine_s])

    @property
    def capacity_per_s(self) -> float:
        """Requests per second with every batch full: no server answers more for long."""
        return len(self.engine_s) / float(self.mean_s[-1])

    def predict(
        self, gaps_s: ArrayLike, *, max_wait_s: float, seed: int = 0
    ) -> Float[np.ndarray, " n"]:
        """The latency of each request of a load, in seconds.

        Waiting comes from :func:`labkit.serve.simulate.batching` with the mean times; the
        scatter of the engine and the way around it are drawn from the readings of the same size.

        Args:
            gaps_s: seconds between the requests, as for ``run_load``.
            max_wait_s: the server's setting.
            seed: of the draws.
        """
        gaps = jnp.asarray(np.asarray(gaps_s, np.float32).reshape(-1, 1))
        run = batching(gaps, self.mean_s, max_wait_s=max_wait_s)
        wait_s, sizes = np.asarray(run.wait_s)[:, 0], np.asarray(run.batch_size)[:, 0]
        rng = np.random.default_rng(seed)
        latency_s = np.empty(len(sizes))
        for size in np.unique(sizes):
            mine = sizes == size
            drawn = [
                rng.choice(readings[size - 1], mine.sum())
                for readings in (self.engine_s, self.around_s)
            ]
            latency_s[mine] = wait_s[mine] + drawn[0] + drawn[1]
        return latency_s


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
    repeats: int = 20,
    rest_s: float = 0.05,
) -> ServiceTimes:
    """Ask a server in bursts of every size, so far apart that none waits for another.

    Args:
        url: of the inference route, on a loopback address.
        bodies: of one row each.
        max_batch: the server's setting.
        headers: of each request.
        repeats: bursts of each size.
        rest_s: between bursts; longer than a full batch takes.
    """
    sizes = np.random.default_rng(0).permutation(np.tile(np.arange(1, max_batch + 1), repeats))
    warm = bursts([max_batch] * 5, rest_s)
    run_load(url, bodies, warm, headers=headers)
    run = run_load(url, bodies, bursts(sizes.tolist(), rest_s), headers=headers)
    return ServiceTimes.of(run, max_batch=max_batch)
