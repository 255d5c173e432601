"""Structured logs: one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

__all__ = ["LOGGER", "JsonFormatter", "log_to"]

#: Where the servers of labkit log to; silent until :func:`log_to` gives it a place.
LOGGER = logging.getLogger("labkit.serve")


class JsonFormatter(logging.Formatter):
    """Time, level, event, and the fields passed as ``extra={"fields": {...}}``.

    Example:
        >>> record = logging.makeLogRecord({"msg": "request", "fields": {"status": 200}})
        >>> told = json.loads(JsonFormatter().format(record))
        >>> told["event"], told["status"]
        ('request', 200)
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {
            "time": when,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        told |= getattr(record, "fields", {})
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def log_to(stream: Any = None, level: int = logging.INFO) -> None:
    """Write this process's server logs as JSON lines to a text file; to stderr if none is given."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    for logger in (LOGGER, logging.getLogger("uvicorn")):
        logger.handlers[:] = [handler]
        logger.propagate = False
    LOGGER.setLevel(level)
