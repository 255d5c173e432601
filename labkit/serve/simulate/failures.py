"""Replicas that break and are repaired: a request that is cut short goes on after the repair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.types import Float, Int

__all__ = ["Failing", "failing_queue", "outages"]


class Failing(NamedTuple):
    """What became of each request of one run."""

    wait_s: Float[np.ndarray, " n"]
    latency_s: Float[np.ndarray, " n"]
    server: Int[np.ndarray, " n"]


def outages(
    *, mean_up_s: float, mean_down_s: float, horizon_s: float, seed: int = 0
) -> Float[np.ndarray, "outages 2"]:
    """Beginnings and ends of one replica's outages, exponential up and down times.

    The share of time that it is up tends to ``mean_up_s / (mean_up_s + mean_down_s)``.
    """
    if mean_up_s <= 0:
        raise ArgumentError("mean_up_s", required="positive", got=mean_up_s)
    if mean_down_s < 0:
        raise ArgumentError("mean_down_s", required="at least 0", got=mean_down_s)
    rng = np.random.default_rng(seed)
    edges: list[tuple[float, float]] = []
    now_s = rng.exponential(mean_up_s)
    while now_s < horizon_s:
        repaired_s = now_s + rng.exponential(mean_down_s)
        edges.append((now_s, repaired_s))
        now_s = repaired_s + rng.exponential(mean_up_s)
    return np.array(edges).reshape(-1, 2)


def failing_queue(times_s: ArrayLike, service_s: ArrayLike, outages_s: list[np.ndarray]) -> Failing:
    """First come, first served at replicas with outages; each request joins the least work.

    Each replica has a clock of its own that stands still while it is down. On that clock it is
    an ordinary queue, and a completion is carried back to common time.

    Args:
        times_s: arrival times, in order.
        service_s: work of each request.
        outages_s: for each replica, rows of (begin, end), as :func:`outages` gives them.

    Raises:
        ArgumentError: where there is no replica, or times are out of order.

    Example:
        >>> import numpy as np
        >>> run = failing_queue([0.0], [2.0], [np.array([[1.0, 4.0]])])
        >>> run.latency_s.tolist()
        [5.0]
    """
    times, work = np.asarray(times_s, float), np.asarray(service_s, float)
    if not outages_s:
        raise ArgumentError("outages_s", required="one array per replica", got=outages_s)
    if np.any(np.diff(times) < 0):
        raise ArgumentError("times_s", required="in order", got=times_s, fix="Sort them first.")
    horizon_s = times[-1] + work.sum() + 1.0 if times.size else 1.0
    clocks = [_Clock(rows, horizon_s) for rows in outages_s]
    own_times = [clock.own(times) for clock in clocks]
    free = [0.0] * len(clocks)  # on each replica's own clock
    begun_s, ended_s = np.empty_like(times), np.empty_like(times)
    server = np.empty(times.shape, int)
    for i, own_s in enumerate(zip(*own_times, strict=True)):
        left = [max(f - t, 0.0) for f, t in zip(free, own_s, strict=True)]
        j = left.index(min(left))
        begins = max(free[j], own_s[j])
        free[j] = begins + work[i]
        server[i], begun_s[i], ended_s[i] = j, begins, free[j]
    for j, clock in enumerate(clocks):
        mine = server == j
        begun_s[mine] = np.maximum(clock.common(begun_s[mine]), times[mine])
        ended_s[mine] = clock.common(ended_s[mine])
    return Failing(begun_s - times, ended_s - times, server)


class _Clock:
    """A replica's own time, which stands still during its outages."""

    def __init__(self, outages_s: np.ndarray, horizon_s: float) -> None:
        rows = np.asarray(outages_s, float).reshape(-1, 2)
        down_s = (rows[:, 1] - rows[:, 0]).cumsum()
        end_s = max(horizon_s, rows[-1, 1] if len(rows) else 0.0) + down_s[-1:].sum() + horizon_s
        self._common = np.concatenate([[0.0], rows.ravel(), [end_s]])
        steps = np.diff(self._common)
        steps[1::2] = 0.0
        self._own = np.concatenate([[0.0], steps.cumsum()])

    def own(self, common_s: np.ndarray) -> np.ndarray:
        return np.interp(common_s, self._common, self._own)

    def common(self, own_s: np.ndarray) -> np.ndarray:
        """The earliest common time; work that ends as an outage begins ends before it."""
        at = np.searchsorted(self._own, own_s, side="left").clip(1)
        return self._common[at] - (self._own[at] - own_s)
