"""Every bound of a server in one place."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from labkit.errors import ArgumentError

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How a server batches, what it remembers, and where it says no.

    Attributes:
        max_batch: rows computed at once at most; also the most rows of one request.
        max_wait_s: how long the first of a batch waits for others while the engine is free.
        max_queue: rows waiting; a request that would make them more is answered 429.
        cache_bytes: memory for remembered answers; 0 for no cache.
        max_body_bytes: a longer body is answered 413.
        max_header_bytes: a longer head is answered 431.
        max_connections: a further connection is answered 503 and closed.
        head_timeout_s: from the first byte of a request to the end of its head.
        body_timeout_s: to the end of its body, else 408.
        idle_timeout_s: a connection without a request, new or used, is closed after so long.
        write_timeout_s: a client that does not read its answer is cut off after so long.
        drain_timeout_s: at the end, how long requests in flight may take to finish.
        engine: "fastest" (measured at the start), "xla" or "onnxruntime".

    Example:
        >>> Settings(max_batch=8, max_wait_s=0.0).max_queue
        256
    """

    max_batch: int = 16
    max_wait_s: float = 0.002
    max_queue: int = 256
    cache_bytes: int = 0
    max_body_bytes: int = 8 * 2**20
    max_header_bytes: int = 16 * 2**10
    max_connections: int = 512
    head_timeout_s: float = 5.0
    body_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
    write_timeout_s: float = 10.0
    drain_timeout_s: float = 10.0
    engine: str = "fastest"

    def __post_init__(self) -> None:
        for name in ("max_batch", "max_queue", "max_connections"):
            if getattr(self, name) < 1:
                raise ArgumentError(name, required="at least 1", got=getattr(self, name))
        for name in ("max_wait_s", "cache_bytes"):
            if getattr(self, name) < 0:
                raise ArgumentError(name, required="at least 0", got=getattr(self, name))

    def to_json(self) -> str:
        """As text, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Read what :meth:`to_json` wrote; what is not said keeps its default.

        Raises:
            ArgumentError: the text names something that is no setting.
        """
        told = json.loads(text)
        known = {field.name for field in fields(cls)}
        if unknown := set(told) - known:
            required = f"made of {', '.join(sorted(known))}"
            raise ArgumentError("settings", required=required, got=sorted(unknown))
        return cls(**told)
