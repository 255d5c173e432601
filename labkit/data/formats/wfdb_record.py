"""A WFDB record of PhysioNet: header, signals in format 212, and beat annotations.

The `wfdb` library reads it. Before it is let near a file, the header is held against a narrow
grammar and against the size of the signal file, because a header can name any file and any length.

Source: G. B. Moody, R. G. Mark, "The impact of the MIT-BIH Arrhythmia Database", IEEE EMB 20(3),
2001; WFDB specification, https://physionet.org/physiotools/wag/header-5.htm, signal-5, annot-5.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_lines
from labkit.errors import DataError

__all__ = ["Record", "read_record", "read_split"]

_FIRST_LINE = re.compile(r"(\w+) ([1-9]\d?) (\d+(?:\.\d+)?) ([1-9]\d*)(?: [\d:]+(?: [\d/]+)?)?")
_GAIN = r"\d+(?:\.\d+)?(?:\(-?\d+\))?(?:/\w+)?"


class Record(NamedTuple):
    """A recording and what cardiologists marked in it.

    Attributes:
        signals_mv: float64 [samples, leads], in millivolt.
        sample_rate_hz: samples per second and lead.
        leads: name of each lead.
        marks: int64 [marks]: the sample at which each annotation stands.
        symbols: the annotation codes: "N" normal beat, "V" ventricular, "A" atrial, "+" rhythm …
    """

    signals_mv: np.ndarray
    sample_rate_hz: float
    leads: tuple[str, ...]
    marks: np.ndarray
    symbols: tuple[str, ...]


@only_data_errors("a WFDB record")
def read_record(header: Path, signals: Path, annotations: Path) -> Record:
    """Read one record; the three files lie side by side under one name.

    Raises:
        DataError: a header that does not fit the signal file, a wrong checksum, annotations
            outside the recording.
    """
    import wfdb

    samples, leads = _check_header(header, signals)
    if annotations.with_suffix("") != header.with_suffix(""):
        raise DataError(f"{annotations} does not belong to {header.name}.")
    name = str(header.with_suffix(""))
    record = wfdb.rdrecord(name, physical=False)
    sums = record.d_signal.sum(axis=0, dtype=np.int64) % 65536
    if record.d_signal.shape != (samples, leads) or any(sums != np.mod(record.checksum, 65536)):
        raise DataError(f"{signals} is altered: its samples do not add up to the header's sums.")
    marks = wfdb.rdann(name, annotations.suffix.lstrip("."))
    if len(marks.sample) == 0 or marks.sample.min() < 0 or marks.sample.max() >= samples:
        raise DataError(f"{annotations} has no annotation, or one outside the {samples:,} samples.")
    return Record(
        signals_mv=record.dac(),
        sample_rate_hz=float(record.fs),
        leads=tuple(record.sig_name),
        marks=np.asarray(marks.sample, np.int64),
        symbols=tuple(marks.symbol),
    )


def _check_header(header: Path, signals: Path) -> tuple[int, int]:
    """The number of samples and leads, once the header is known to speak of this signal file."""
    lines = [line for line in read_lines(header, "ascii") if not line.startswith("#")]
    first = _FIRST_LINE.fullmatch(lines[0].strip()) if lines else None
    if first is None or first[1] != header.stem or signals.stem != header.stem:
        raise DataError(f"{header} does not start with a record's name, leads, rate and length.")
    leads, samples = int(first[2]), int(first[4])
    lead = re.compile(rf"{re.escape(signals.name)} 212 {_GAIN} \d+ -?\d+ -?\d+ -?\d+ 0 \S.*")
    if len(lines) != leads + 1 or not all(lead.fullmatch(line.strip()) for line in lines[1:]):
        raise DataError(
            f"{header} does not describe {leads} leads of format 212 in {signals.name}."
        )
    wanted, size = (samples * leads * 3 + 1) // 2, signals.stat().st_size
    if size != wanted:
        fault = "cut short" if size < wanted else "too long"
        raise DataError(f"{signals} is {fault}: {size:,} bytes, but {header.name} says {wanted:,}.")
    return samples, leads


def read_split(header: Path, signals: Path, annotations: Path) -> Parts:
    """The recording as one row per sample.

    Returns:
        inputs float64 [samples, leads] in millivolt; targets int32 [samples]: 0 where nothing is
        marked, else k where class_names[k] is the symbol of the annotation at this sample.
    """
    record = read_record(header, signals, annotations)
    kinds = ("", *sorted(set(record.symbols)))
    targets = np.zeros(len(record.signals_mv), np.int32)
    targets[record.marks] = [kinds.index(symbol) for symbol in record.symbols]
    return Parts(record.signals_mv, targets, feature_names=record.leads, class_names=kinds)
