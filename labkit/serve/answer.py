"""What is sent back: an answer, or a refusal that says why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from labkit.errors import LabkitError

__all__ = ["Answer", "RefusedError", "json_answer"]


class Answer(NamedTuple):
    """A response: status, headers, body, and for the log what is worth noting."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    note: Mapping[str, Any] = {}


class RefusedError(LabkitError):
    """A request that is not answered with what it asked for.

    Args:
        status: the HTTP status.
        message: what was wrong, in one sentence for the client.
        headers: such as ``Retry-After``.
    """

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(self) -> Answer:
        """As the Open Inference Protocol has it: an object with one field, ``error``."""
        return json_answer({"error": str(self)}, self.status, self.headers)


def json_answer(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is JSON."""
    body = json.dumps(told).encode()
    pairs = {"content-type": "application/json", "content-length": str(len(body))}
    pairs |= headers or {}
    return Answer(status, tuple((k.encode(), v.encode()) for k, v in pairs.items()), body)
