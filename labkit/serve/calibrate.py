"""Measure what a server's batches cost, and predict with it what it does under any load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.serve.load import LoadResult, run_load
from labkit.serve.simulate import batching, diurnal
from labkit.types import Float, Int

__all__ = ["ServiceTimes", "bursts", "measure_service", "measure_swing"]

#: Quantiles of the readings of one size that a batch takes one of.
_COLUMNS = 1024


@dataclass(frozen=True)
class ServiceTimes:
    """What batches of 1, 2, ..., ``max_batch`` requests cost, one array of readings for each.

    Attributes:
        engine_s: seconds that the batch held the engine: from when it was due and the engine
            free until it was computed.
        around_s: the rest of a request's latency that is not waiting for the engine: the way
            through the client, the kernel's sockets, HTTP, and back.
        ranks: of each batch in the order they were computed, its place among the readings of
            its size, from 0 (fastest) to 1 (slowest). Slow batches come in stretches, for the
            machine does other things as well, and a stretch lets a queue grow where the same
            batches one by one would not.
    """

    engine_s: tuple[Float[np.ndarray, " _n"], ...]
    around_s: tuple[Float[np.ndarray, " _m"], ...]
    ranks: Float[np.ndarray, " batches"]

    @classmethod
    def of(cls, *runs: LoadResult, max_batch: int) -> ServiceTimes:
        """From runs, one after the other, in which batches of several sizes occurred.

        A size that did not occur takes the readings of the next larger one that did; one above
        all that did takes those of the largest, longer as it has more rows.

        Raises:
            ArgumentError: no request of the runs was computed.
        """
        parts = [_batches(run) for run in runs]
        size, held_s = (np.concatenate(column) for column in zip(*parts, strict=True))
        seen = {k: size == k for k in range(1, max_batch + 1) if np.any(size == k)}
        if not seen:
            got = [run.statuses for run in runs]
            raise ArgumentError("runs", required="some with computed answers", got=got)
        ranks = np.zeros(len(size))
        for mine in seen.values():
            ranks[mine] = (held_s[mine].argsort().argsort() + 0.5) / mine.sum()
        asked = np.concatenate([run.batch_rows for run in runs])
        around_s = np.concatenate([_around_s(run) for run in runs])
        near = [
            min(seen, key=lambda other: (other < k, abs(other - k)))
            for k in range(1, max_batch + 1)
        ]
        longer = [max(1.0, (k + 1) / size_k) for k, size_k in enumerate(near)]
        return cls(
            tuple(np.sort(held_s[seen[k]]) * by for k, by in zip(near, longer, strict=True)),
            tuple(np.sort(around_s[asked == k]) for k in near),
            ranks,
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
        self, gaps_s: ArrayLike, *, max_wait_s: float, replays: int = 16, seed: int = 0
    ) -> Float[np.ndarray, "n replays"]:
        """The latency of each request of a load, in seconds, foretold several times.

        Requests go through :func:`labkit.serve.simulate.batching`. The batches take their times
        in the order in which they were measured, each the reading of its own size at the rank
        whose turn it is; every replay begins somewhere else in that order. The way around the
        engine is drawn from the readings of the batch's size.

        Args:
            gaps_s: seconds between the requests, as for ``run_load``.
            max_wait_s: the server's setting.
            replays: how often; one says what a run may give, many what to expect of it.
            seed: of the beginnings and draws.
        """
        rng = np.random.default_rng(seed)
        lane = np.asarray(gaps_s, np.float32).reshape(-1, 1)
        shares = (np.arange(_COLUMNS) + 0.5) / _COLUMNS
        table = [np.quantile(each, shares, method="inverted_cdf") for each in self.engine_s]
        columns = (self.ranks * _COLUMNS).astype(int)
        begins = rng.integers(len(columns), size=replays)
        turns = np.stack([np.roll(columns, -begin) for begin in begins], axis=1)
        gaps = jnp.asarray(np.repeat(lane, replays, axis=1))
        run = batching(gaps, np.stack(table), max_wait_s=max_wait_s, turns=jnp.asarray(turns))
        sizes = np.asarray(run.batch_size)
        around_s = np.empty(sizes.shape)
        for size in np.unique(sizes):
            mine = sizes == size
            around_s[mine] = rng.choice(self.around_s[size - 1], mine.sum())
        return np.asarray(run.latency_s, np.float64) + around_s


def _around_s(run: LoadResult) -> Float[np.ndarray, " n"]:
    """Of each request, its latency less waiting and computing."""
    return np.maximum(run.latency_s - run.timing("queue") - run.timing("engine"), 0.0)


def _batches(run: LoadResult) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """Size of each batch and how long it held the engine, in the order they were computed.

    The requests of a batch are told the same figures and are answered one after the other.
    """
    size, engine_s = run.batch_rows, run.timing("engine")
    late_s = np.nan_to_num(run.timing("late"))
    members: dict[tuple[float, ...], int] = {}
    firsts = []
    for i in np.argsort(run.intended_s + run.latency_s):
        if size[i] > 0:
            told = (size[i], engine_s[i], late_s[i])
            if told not in members:
                firsts.append(i)
            members[told] = members.get(told, 0) + 1
            if members[told] == size[i]:
                del members[told]
    return size[firsts], (engine_s + late_s)[firsts]


def bursts(sizes: Sequence[int], rest_s: float) -> Float[np.ndarray, " n"]:
    """Gaps of a load that comes in bursts of the given sizes, ``rest_s`` apart.

    Example:
        >>> bursts([1, 3], rest_s=0.5).tolist()
        [0.5, 0.5, 0.0, 0.0]
    """
    return np.concatenate([[rest_s, *[0.0] * (size - 1)] for size in sizes])


def measure_service(
    url: str, bodies: Sequence[bytes], *, max_batch: int, **swing: Any
) -> ServiceTimes:
    """What a server's batches cost, from one :func:`measure_swing`; ``swing`` goes to it."""
    run = measure_swing(url, bodies, max_batch=max_batch, **swing)
    return ServiceTimes.of(run, max_batch=max_batch)


def measure_swing(
    url: str,
    bodies: Sequence[bytes],
    *,
    max_batch: int,
    headers: Mapping[str, str] | None = None,
    seconds: float = 8.0,
    rest_s: float = 0.1,
    seed: int = 0,
) -> LoadResult:
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
    return run_load(url, bodies, gaps, headers=headers, connections=256)
