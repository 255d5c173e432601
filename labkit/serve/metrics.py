"""What a server counts, in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The counters of one server, in a registry of their own.

    Args:
        queued: tells how many rows wait.

    Raises:
        ImportError: the extra ``serve`` is not installed.
    """

    def __init__(self, queued: Callable[[], float] = lambda: 0.0) -> None:
        import prometheus_client as prometheus

        self._prometheus = prometheus
        self._registry = prometheus.CollectorRegistry()
        own: Any = {"registry": self._registry}
        self._requests = prometheus.Counter(
            "labkit_requests", "Requests answered.", ["status"], **own
        )
        self._latency = prometheus.Histogram(
            "labkit_request_seconds", "From the head of a request to its answer.",
            buckets=_SECONDS, **own,
        )  # fmt: skip
        self._batch = prometheus.Histogram(
            "labkit_batch_rows", "Rows computed at once.", buckets=_ROWS, **own
        )
        self._engine = prometheus.Histogram(
            "labkit_engine_seconds", "Time of the engine for a batch.", buckets=_SECONDS, **own
        )
        self._cache = prometheus.Counter(
            "labkit_cache", "Questions to the response cache.", ["outcome"], **own
        )
        self._drift = prometheus.Gauge(
            "labkit_drift", "Population stability index of the last window.", ["feature"], **own
        )
        waiting = prometheus.Gauge("labkit_queued_rows", "Rows that wait.", **own)
        waiting.set_function(queued)

    def request(self, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(str(status)).inc()
        self._latency.observe(seconds)

    def batch(self, rows: int, seconds: float) -> None:
        """A batch was computed."""
        self._batch.observe(rows)
        self._engine.observe(seconds)

    def cache(self, hit: bool) -> None:
        """The cache was asked."""
        self._cache.labels("hit" if hit else "miss").inc()

    def drift(self, feature: str, psi: float) -> None:
        """A window was compared with the reference."""
        self._drift.labels(feature).set(psi)

    def page(self) -> tuple[bytes, str]:
        """The page that Prometheus fetches, and its content type."""
        return (
            self._prometheus.generate_latest(self._registry),
            self._prometheus.CONTENT_TYPE_LATEST,
        )
