"""OpenQASM files: the source text of circuits, with what their declarations say.

Nothing is executed or parsed beyond the declarations: that is the work of the quantum room.

Source: A. W. Cross, L. S. Bishop, J. A. Smolin, J. M. Gambetta, "Open Quantum Assembly Language",
arXiv:1707.03429, 2017; A. Li et al., "QASMBench", ACM TQC 4(2), 2023.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_text
from labkit.errors import DataError

__all__ = ["Circuit", "read_circuit", "read_split"]

_COMMENT = re.compile(r"//[^\n]*")
_VERSION = re.compile(r"\s*OPENQASM\s+(2\.0|3(?:\.\d)?)\s*;")
_INCLUDE = re.compile(r'\binclude\s+"([^"\n]*)"\s*;')
_REGISTER = re.compile(r"\b([qc])reg\s+[A-Za-z_]\w*\s*\[\s*(\d{1,6})\s*\]\s*;")
_LIBRARIES = ("qelib1.inc", "stdgates.inc")


class Circuit(NamedTuple):
    """The source of a circuit and the sizes that it declares."""

    name: str
    source: str
    qubits: int
    bits: int
    statements: int


@only_data_errors("an OpenQASM file")
def read_circuit(path: Path) -> Circuit:
    """Read one file.

    Raises:
        DataError: no version line, no quantum register, an include of any other file than the
            standard gates, or a last statement without its semicolon (a file cut short).
    """
    source = read_text(path)
    code = _COMMENT.sub("", source)
    if _VERSION.match(code) is None:
        raise DataError(f"{path} is not OpenQASM: it does not start with 'OPENQASM 2.0;'.")
    foreign = [name for name in _INCLUDE.findall(code) if name not in _LIBRARIES]
    if foreign:
        raise DataError(f"{path} includes {foreign[0]!r}; only {' and '.join(_LIBRARIES)} may be.")
    if code.rstrip()[-1] not in ";}":
        raise DataError(f"{path} is cut short: its last statement does not end with a semicolon.")
    sizes = {"q": 0, "c": 0}
    for kind, size in _REGISTER.findall(code):
        sizes[kind] += int(size)
    if sizes["q"] == 0:
        raise DataError(f"{path} declares no quantum register (qreg).")
    return Circuit(path.stem, source, sizes["q"], sizes["c"], code.count(";"))


def read_split(**circuits: Path) -> Parts:
    """All circuits, in the order given.

    Returns:
        inputs: a structured array [n] with the fields name, source, qubits, bits, statements.
    """
    rows = [tuple(read_circuit(path)) for path in circuits.values()]
    kinds = [("name", "O"), ("source", "O"), ("qubits", "i8"), ("bits", "i8"), ("statements", "i8")]
    return Parts(np.array(rows, kinds), np.empty((len(rows), 0)), feature_names=Circuit._fields)
