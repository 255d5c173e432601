"""An open-loop load generator: requests leave when they are meant to, answered or not.

A closed loop, in which each client waits for its answer before it asks again, stops asking just
when the server is slow, and so measures few of the slow answers (*coordinated omission*). Here
the times are fixed beforehand, and a latency runs from the time a request was meant to leave,
even where the generator itself was late.
"""

from __future__ import annotations

import gc
import ipaddress
import re
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.serve.clients import Clients
from labkit.serve.quantiles import LatencyHistogram
from labkit.serve.wire import request_bytes
from labkit.types import Float, Int

__all__ = ["LoadResult", "loopback_address", "run_load"]

#: Bounds that no caller can lift: a load test is for one's own machine, and ends.
MOST_REQUESTS, LONGEST_S, MOST_CONNECTIONS = 2_000_000, 3_600.0, 1_024


@dataclass(frozen=True)
class LoadResult:
    """What became of each request, in the order they were meant to leave.

    Attributes:
        intended_s: when it was meant to leave, from the start.
        latency_s: from then until its answer was whole; NaN where none came.
        status: of the answer; 0 where none came.
        server_timing: the answer's header of that name.
        duration_s: from the start to the last answer.
    """

    intended_s: Float[np.ndarray, " n"]
    latency_s: Float[np.ndarray, " n"]
    status: Int[np.ndarray, " n"]
    server_timing: Sequence[str]
    duration_s: float

    @property
    def answered(self) -> Float[np.ndarray, " answered"]:
        """Latencies of the requests that were answered 200."""
        return self.latency_s[self.status == 200]

    @property
    def statuses(self) -> Mapping[int, int]:
        """How many answers of each status; 0 stands for none."""
        return dict(sorted(Counter(self.status.tolist()).items()))

    @property
    def throughput_per_s(self) -> float:
        """Requests answered 200, per second."""
        return len(self.answered) / self.duration_s if self.duration_s > 0 else 0.0

    @cached_property
    def histogram(self) -> LatencyHistogram:
        """Of the requests answered 200."""
        return LatencyHistogram.of(self.answered)

    def quantile_s(self, q: float) -> float:
        """A quantile of the latency of the requests answered 200."""
        return self.histogram.quantile_s(q)

    def timing(self, name: str) -> Float[np.ndarray, " n"]:
        """Of each answer, one of the server's own times, in seconds.

        Args:
            name: "queue", "engine" or "late" (:class:`labkit.serve.batcher.Computed`).
        """
        pattern = re.compile(rf"{name};dur=([\d.]+)")
        found = (pattern.search(text) for text in self.server_timing)
        return np.array([float(match[1]) / 1e3 if match else np.nan for match in found])

    @property
    def batch_rows(self) -> Int[np.ndarray, " n"]:
        """Of each answer, how many rows were computed with it; 0 where it came from the cache."""
        found = (re.search(r"batch;desc=(\d+)", text) for text in self.server_timing)
        return np.array([int(match[1]) if match else 0 for match in found])


def loopback_address(url: str) -> tuple[str, int, str]:
    """Host, port and path of an address on this machine.

    Raises:
        ArgumentError: it is none.

    Example:
        >>> loopback_address("http://127.0.0.1:8000/v2")
        ('127.0.0.1', 8000, '/v2')
    """
    parts = urllib.parse.urlsplit(url)
    host = {"localhost": "127.0.0.1"}.get(parts.hostname or "", parts.hostname or "")
    try:
        fine = parts.scheme == "http" and ipaddress.ip_address(host).is_loopback and parts.port
    except ValueError:
        fine = False
    if not fine:
        raise ArgumentError(
            "url",
            required="http:// on a loopback address with a port",
            got=url,
            fix="The load generator tests servers on this machine only.",
        )
    return host, int(parts.port or 0), parts.path or "/"


def run_load(
    url: str,
    bodies: Sequence[bytes],
    gaps_s: ArrayLike,
    *,
    headers: Mapping[str, str] | None = None,
    connections: int = 64,
    timeout_s: float = 10.0,
) -> LoadResult:
    """Send one request for each gap and record when each was answered.

    Args:
        url: of the inference route, on a loopback address.
        bodies: request ``i`` sends body ``i`` modulo their number.
        gaps_s: seconds between the requests, such as one lane of ``simulate.poisson``.
        headers: of each request.
        connections: open at once at most; a request that finds none free waits, and its waiting
            counts.
        timeout_s: how long after the last was sent the answers are waited for.

    Raises:
        ArgumentError: the address is not on this machine, or the load is not bounded.
    """
    host, port, path = loopback_address(url)
    times_s = np.cumsum(np.asarray(gaps_s, np.float64).ravel())
    _check(times_s, bodies, connections)
    requests = [request_bytes("POST", path, headers or {}, body) for body in bodies]
    clients = Clients((host, port), requests, len(times_s), most=connections)
    collecting = gc.isenabled()
    gc.disable()  # a collection of this process would be measured as the server's latency
    try:
        receiver = threading.Thread(target=clients.receive, daemon=True)
        receiver.start()
        start_s = time.perf_counter() + 0.005
        for i, at_s in enumerate(times_s):
            left_s = start_s + at_s - time.perf_counter()
            if left_s > 0:
                time.sleep(left_s)
            clients.send(i)
        clients.wait(timeout_s)
    finally:
        clients.close()
        if collecting:
            gc.enable()
    receiver.join()
    latency_s = clients.ended_s - start_s - times_s
    last_s = float(np.nanmax(clients.ended_s, initial=start_s)) - start_s
    return LoadResult(times_s, latency_s, clients.status, clients.timings, last_s)


def _check(times_s: np.ndarray, bodies: Sequence[bytes], connections: int) -> None:
    if not 1 <= len(times_s) <= MOST_REQUESTS:
        raise ArgumentError("gaps_s", required=f"1 to {MOST_REQUESTS} gaps", got=len(times_s))
    if not np.all(np.isfinite(times_s)) or np.any(np.diff(times_s, prepend=0.0) < 0):
        raise ArgumentError("gaps_s", required="finite and at least 0", got="others")
    if times_s[-1] > LONGEST_S:
        required = f"at most {LONGEST_S:g} s in all"
        raise ArgumentError("gaps_s", required=required, got=float(times_s[-1]))
    if not bodies:
        raise ArgumentError("bodies", required="at least one", got=bodies)
    if not 1 <= connections <= MOST_CONNECTIONS:
        raise ArgumentError("connections", required=f"1 to {MOST_CONNECTIONS}", got=connections)
