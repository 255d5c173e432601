"""How this machine's notebooks compare with the reference machine's, learnt from those run here.

A notebook states the seconds it takes on two cores of the reference machine. They are
multiplied by this machine's pace, the median ratio of the notebooks that ran here before;
`labkit run` enters each prediction with what came of it into the ledger.
"""

from __future__ import annotations

import statistics

from labkit.perf import ledger

__all__ = ["learn", "pace"]

_UNIT = "× reference time"
#: The newest entries count: a machine, or what else it does, may change.
_REMEMBERED = 20


def pace() -> float:
    """Measured over stated time of the notebooks that ran here lately; 1 while there are none."""
    ratios = [entry.measured for entry in ledger.entries() if entry.unit == _UNIT]
    return statistics.median(ratios[-_REMEMBERED:]) if ratios else 1.0


def learn(notebook: str, predicted_s: float, measured_s: float, pace_used: float) -> None:
    """Enter a notebook's predicted and measured time into the ledger."""
    stated_s = predicted_s / pace_used
    ledger.record(
        f"notebook {notebook}", predicted=pace_used, measured=measured_s / stated_s, unit=_UNIT
    )
