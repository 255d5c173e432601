"""The ledger: every prediction beside what was then measured, on this machine.

One line of JSON for each entry, appended in one write, so that several processes may
keep the same book; a line that another process is still writing is skipped by readers.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from labkit.errors import ArgumentError
from labkit.hw import cache_folder

__all__ = ["Entry", "Summary", "entries", "ledger_file", "record", "summarise"]

#: Of a large ledger only so many bytes at the end are read: the newest entries.
_READ_BYTES = 2**22


@dataclass(frozen=True)
class Entry:
    """One prediction and what came of it.

    Attributes:
        name: what was predicted, such as ``"01/matmul 512"``.
        unit: of both figures, such as ``"s"`` or ``"B"``.
        predicted, measured: in that unit.
        time: when, as ISO 8601 in UTC.
    """

    name: str
    unit: str
    predicted: float
    measured: float
    time: str

    @property
    def error(self) -> float:
        """Relative error of the prediction; 0.1 is ten per cent too high."""
        return self.predicted / self.measured - 1.0


@dataclass(frozen=True)
class Summary:
    """How good the predictions have been: quantiles of the absolute relative error.

    Example:
        >>> print(Summary(12, 0.08, 0.31))
        12 predictions: median error 8 %, nine of ten within 31 %
    """

    count: int
    median_error: float
    p90_error: float

    def __str__(self) -> str:
        if not self.count:
            return "no predictions yet"
        return (
            f"{self.count} predictions: median error {self.median_error:.0%}, "
            f"nine of ten within {self.p90_error:.0%}"
        ).replace("%", " %")


def ledger_file() -> Path:
    """Where the ledger of this machine is kept, in the user's cache folder."""
    return cache_folder() / "ledger.jsonl"


def record(
    name: str, *, predicted: float, measured: float, unit: str = "s", file: Path | None = None
) -> Entry:
    """Append one entry.

    Raises:
        ArgumentError: if either figure is not positive and finite.

    Example:
        >>> import tempfile, pathlib
        >>> book = pathlib.Path(tempfile.mkdtemp()) / "ledger.jsonl"
        >>> round(record("demo", predicted=1.1, measured=1.0, file=book).error, 3)
        0.1
        >>> print(summarise(entries(book)))
        1 predictions: median error 10 %, nine of ten within 10 %
    """
    for argument, value in (("predicted", predicted), ("measured", measured)):
        if not 0 < value < float("inf"):
            raise ArgumentError(argument, required="positive and finite", got=value)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entry = Entry(name, unit, float(predicted), float(measured), now)
    file = file or ledger_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    line = (json.dumps(asdict(entry)) + "\n").encode()
    # One write in append mode: the system puts it at the end, whole.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
    return entry


def entries(file: Path | None = None) -> list[Entry]:
    """What the ledger holds, oldest first; lines that are damaged are left out."""
    file = file or ledger_file()
    if not file.exists():
        return []
    with file.open("rb") as book:
        book.seek(max(file.stat().st_size - _READ_BYTES, 0))
        lines = book.read().splitlines()
    found = []
    for line in lines:
        try:
            found.append(Entry(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def summarise(found: Iterable[Entry]) -> Summary:
    """Median and 90th percentile of the absolute relative error."""
    errors = sorted(abs(entry.error) for entry in found)
    if not errors:
        return Summary(0, 0.0, 0.0)
    p90 = errors[min(round(0.9 * (len(errors) - 1)), len(errors) - 1)]
    return Summary(len(errors), statistics.median(errors), p90)
