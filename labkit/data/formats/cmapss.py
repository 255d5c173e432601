"""C-MAPSS: run-to-failure records of simulated turbofan engines.

Each row is an engine, its flight cycle, three settings and 21 sensors. In the training file an
engine runs until it fails; in the test file it is cut off earlier, and another file tells how many
cycles it had left. The target of every row is its remaining useful life in cycles.

Source: A. Saxena, K. Goebel, D. Simon, N. Eklund, "Damage Propagation Modeling for Aircraft Engine
Run-to-Failure Simulation", PHM 2008; readme.txt of the data set.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labkit.data.formats.numbers import read_numbers
from labkit.data.formats.parts import Parts, only_data_errors
from labkit.errors import DataError

__all__ = ["COLUMNS", "read_split"]

COLUMNS = (
    "engine", "cycle", "altitude", "mach_number", "throttle_angle",
    "T2", "T24", "T30", "T50", "P2", "P15", "P30", "Nf", "Nc", "epr", "Ps30", "phi",
    "NRf", "NRc", "BPR", "farB", "htBleed", "Nf_dmd", "PCNfR_dmd", "W31", "W32",
)  # fmt: skip


@only_data_errors("a C-MAPSS file")
def read_split(series: Path, lives: Path | None = None) -> Parts:
    """All rows of one file, with the remaining useful life of each.

    Args:
        series: the file with 26 columns.
        lives: for a test file, the cycles each engine had left after its last row.

    Returns:
        inputs float64 [rows, 26]; targets float64 [rows], in cycles.

    Raises:
        DataError: engines or cycles are not numbered 1, 2, 3, … without a gap.
    """
    rows = read_numbers(series, columns=len(COLUMNS))
    engine, cycle = rows[:, 0], rows[:, 1]
    starts = np.flatnonzero(np.diff(engine, prepend=0.0))
    sizes = np.diff(starts, append=len(rows))
    counted = np.concatenate([np.arange(1, size + 1) for size in sizes])
    numbered = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    if (engine != numbered).any() or (cycle != counted).any():
        row = int(np.argmax((engine != numbered) | (cycle != counted))) + 1
        raise DataError(f"{series}, row {row}: engines and cycles must count 1, 2, 3, … in order.")
    left = _lives(lives, len(sizes)) if lives else np.zeros(len(sizes))
    remaining = np.repeat(left + sizes, sizes) - cycle
    return Parts(inputs=rows, targets=remaining, feature_names=COLUMNS)


def _lives(path: Path, engines: int) -> np.ndarray:
    left = read_numbers(path, columns=1)[:, 0]
    if len(left) != engines or left.min() < 0:
        raise DataError(f"{path} has {len(left)} lives for {engines} engines, or a negative one.")
    return left
