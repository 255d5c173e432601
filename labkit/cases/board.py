"""The board: every case study's model in one row, its quality beside what it takes to serve it.

A notebook publishes rows by showing them; `labkit board` runs the notebooks, gathers the rows
from the executed files and writes the board as a table and a picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit import viz
from labkit.errors import ArgumentError, DataError
from labkit.teach import PROFILES, RESULT_MIME
from labkit.units import format_bytes, format_si, format_time

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MEASURED", "Board", "BoardRow", "read_board"]

#: Columns that hold measured times: they differ from run to run. Price and energy do too where
#: ``priced_from`` is ``"measured"``.
MEASURED = ("latency_p50_s", "latency_p99_s", "train_s")
_PRICED = ("usd_per_thousand_requests", "energy_j_per_request")


@dataclass(frozen=True)
class BoardRow:
    """One model of one case study.

    Attributes:
        case: of which study.
        model: what answers.
        data: what it was scored on, the split included.
        metric: what ``quality`` is.
        quality: the score; higher is better.
        quality_low, quality_high: its 95 % interval.
        latency_p50_s, latency_p99_s: of one request in process, measured here.
        usd_per_thousand_requests: predicted, on ``machine``.
        energy_j_per_request: predicted; None where the machine's power is not published.
        size_bytes: of the stored model.
        train_s: seconds of training, measured here.
        seeds: independent trainings behind the quality.
        profile: of the notebook.
        machine: what price and energy are of.
        priced_from: ``"counted"`` operations, or ``"measured"`` seconds.
    """

    case: str
    model: str
    data: str
    metric: str
    quality: float
    quality_low: float
    quality_high: float
    latency_p50_s: float
    latency_p99_s: float
    usd_per_thousand_requests: float
    energy_j_per_request: float | None
    size_bytes: int
    train_s: float
    seeds: int
    profile: str
    machine: str
    priced_from: str

    def __post_init__(self) -> None:
        """Refuse a row that cannot be."""
        for name in ("quality", "quality_low", "quality_high"):
            if not math.isfinite(getattr(self, name)):
                raise ArgumentError(name, required="finite", got=getattr(self, name))
        if not self.quality_low <= self.quality_high:
            got = (self.quality_low, self.quality_high)
            raise ArgumentError("quality_low", required="at most quality_high", got=got)
        for name in (*MEASURED, *_PRICED, "size_bytes"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ArgumentError(name, required="finite and at least 0", got=value)
        if self.seeds < 1:
            raise ArgumentError("seeds", required="at least 1", got=self.seeds)
        if self.profile not in PROFILES:
            required = f"one of {', '.join(PROFILES)}"
            raise ArgumentError("profile", required=required, got=self.profile)
        if self.priced_from not in ("counted", "measured"):
            raise ArgumentError("priced_from", required="counted or measured", got=self.priced_from)

    @property
    def measured(self) -> tuple[str, ...]:
        """The columns of this row that differ from run to run."""
        return MEASURED + (_PRICED if self.priced_from == "measured" else ())

    def _repr_mimebundle_(self, **keywords: Any) -> dict[str, Any]:
        return Board((self,))._repr_mimebundle_(**keywords)


@dataclass(frozen=True)
class Board:
    """Rows to compare. Shown in a notebook, it publishes them to `labkit board`."""

    rows: tuple[BoardRow, ...]

    def frame(self) -> pd.DataFrame:
        """One line for each row, one column for each field, unrounded."""
        import pandas as pd

        names = [field.name for field in fields(BoardRow)]
        return pd.DataFrame([asdict(row) for row in self.rows], columns=names)

    def markdown(self) -> str:
        """The table as people read it; headings say which columns are measured.

        Example:
            >>> print(Board(()).markdown().splitlines()[0][:40])
            | case | model | data | metric | quality
        """
        lines = [list(_HEADINGS), ["---"] * len(_HEADINGS), *map(_words, self.rows)]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)

    def picture(self) -> viz.Picture:
        """Quality with its interval, latency and price, row by row.

        Raises:
            ArgumentError: the board is empty.
        """
        if not self.rows:
            raise ArgumentError("rows", required="at least one", got=self.rows)
        columns = self.frame()
        names = [f"{row.case}: {row.model} ({row.metric})" for row in self.rows]
        p50, p99 = columns.latency_p50_s * 1e3, columns.latency_p99_s * 1e3
        price = columns.usd_per_thousand_requests
        panels = (
            viz.Panel("quality", columns.quality, columns.quality_low, columns.quality_high),
            viz.Panel("latency p50 to p99 / ms", p50, p50, p99, log=True),
            viz.Panel("price of 1,000 requests / USD", price, log=True),
        )
        alt = (
            "The board as a picture, one row for each model: its quality with a 95 % interval, "
            "the latency of one request from p50 to p99, and the predicted price of a thousand "
            f"requests. Rows: {'; '.join(names)}."
        )
        return viz.show(viz.range_panels(names, panels, width=12.0), alt=alt)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        table = self.markdown()
        published = {"board": [asdict(row) for row in self.rows]}
        return {"text/plain": table, "text/markdown": table, RESULT_MIME: published}


def read_board(notebooks: Iterable[Path]) -> Board:
    """The rows that executed notebooks publish, in their order.

    Args:
        notebooks: files; one that publishes no row adds none.

    Raises:
        DataError: a file is no notebook, or publishes a row of another form.
    """
    return Board(tuple(row for path in notebooks for row in _rows_of(path)))


def _rows_of(path: Path) -> Iterator[BoardRow]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} cannot be read as a notebook: {error}") from None
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        for stored in output.get("data", {}).get(RESULT_MIME, {}).get("board", []):
            try:
                yield BoardRow(**stored)
            except (TypeError, ArgumentError) as error:
                raise DataError(f"{path} publishes a row that is none: {error}") from None


_HEADINGS = (
    "case", "model", "data", "metric", "quality (95 % interval)", "p50 (measured)",
    "p99 (measured)", "1,000 requests", "energy each", "size", "training (measured)", "seeds",
    "profile", "priced on",
)  # fmt: skip


def _words(row: BoardRow) -> list[str]:
    energy = row.energy_j_per_request
    priced = row.machine + (", from measured seconds" if row.priced_from == "measured" else "")
    return [
        row.case, row.model, row.data, row.metric,
        f"{row.quality:.3f} ({row.quality_low:.3f} to {row.quality_high:.3f})",
        format_time(row.latency_p50_s), format_time(row.latency_p99_s),
        f"{row.usd_per_thousand_requests:.2g} USD",
        "not known" if energy is None else format_si(energy, "J"),
        format_bytes(row.size_bytes), format_time(row.train_s), str(row.seeds), row.profile,
        priced,
    ]  # fmt: skip
