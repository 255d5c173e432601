"""Case studies: each goes the whole way from raw data to a served model, and on to one board.

One module for each case; what is a method lives in the room it belongs to. ``board`` compares
them all, ``deploy`` measures what serving a model takes and predicts what it costs.
"""

from __future__ import annotations

from labkit.cases.board import MEASURED, Board, BoardRow, read_board
from labkit.cases.deploy import (
    Bill,
    Decision,
    Latency,
    Terms,
    board_row,
    decide,
    measure_latency,
    predict_bill,
    rented,
)

__all__ = [
    "MEASURED",
    "Bill",
    "Board",
    "BoardRow",
    "Decision",
    "Latency",
    "Terms",
    "board_row",
    "decide",
    "measure_latency",
    "predict_bill",
    "read_board",
    "rented",
]
