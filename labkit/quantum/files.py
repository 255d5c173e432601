"""Reading OpenQASM files."""

from __future__ import annotations

from pathlib import Path

from qiskit import QuantumCircuit, qasm2
from qiskit.qasm2 import QASM2ParseError

from labkit.errors import CircuitError

__all__ = ["load_qasm"]


def load_qasm(source: str | Path) -> QuantumCircuit:
    """Read OpenQASM 2 from a file, or from text that begins with ``OPENQASM``.

    Raises:
        CircuitError: the text does not parse; the message keeps the parser's line and reason.

    Example:
        >>> load_qasm('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; cx q[0], q[1];').num_qubits
        2
    """
    text = source if isinstance(source, str) and "OPENQASM" in source else None
    name = "the text given" if text else str(source)
    try:
        return qasm2.loads(
            Path(source).read_text(encoding="utf-8") if text is None else text,
            custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
            custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
            include_path=qasm2.LEGACY_INCLUDE_PATH,
        )
    except (QASM2ParseError, OSError, UnicodeDecodeError) as error:
        raise CircuitError(f"Cannot read {name} as OpenQASM 2: {error}") from error
