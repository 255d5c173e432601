"""Quantum computers that can be rented: sourced facts, and what a job on them costs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from labkit.errors import ArgumentError, DataError

__all__ = ["QuantumHardware", "hardware_names", "quantum_hardware", "read_hardware"]

_PROVENANCE = ("url", "date", "licence")


@dataclass(frozen=True)
class QuantumHardware:
    """One quantum computer: its size, speed, errors and prices, with their sources.

    Attributes:
        name: the name its provider gives it.
        description: maker, generation and kind of qubit.
        num_qubits: how many it has.
        basis_gates: what it runs; circuits are transpiled to these.
        one_qubit_s: time of a one-qubit gate.
        two_qubit_s: time of a two-qubit gate.
        one_qubit_error: average infidelity of a one-qubit gate.
        two_qubit_error: average infidelity of a two-qubit gate.
        readout_error: chance to read one qubit wrong.
        t1_s: energy relaxation time.
        t2_s: coherence time.
        sources: for each group of facts its url, date and licence.
        edges: pairs of coupled qubits; None when every pair is coupled.
        readout_s: time of a measurement; 0 where none is published.
        shot_delay_s: pause between shots; 0 where none is published.
        second_usd: price per second of processor time.
        task_usd: price of a job, whatever it runs.
        shot_usd: price per shot, whatever its gates.
        one_qubit_gate_shot_usd: price per one-qubit gate and shot.
        two_qubit_gate_shot_usd: price per two-qubit gate and shot.
        minimum_usd: smallest price of a job.
    """

    name: str
    description: str
    num_qubits: int
    basis_gates: tuple[str, ...]
    one_qubit_s: float
    two_qubit_s: float
    one_qubit_error: float
    two_qubit_error: float
    readout_error: float
    t1_s: float
    t2_s: float
    sources: Mapping[str, Mapping[str, Any]]
    edges: tuple[tuple[int, int], ...] | None = None
    readout_s: float = 0.0
    shot_delay_s: float = 0.0
    second_usd: float = 0.0
    task_usd: float = 0.0
    shot_usd: float = 0.0
    one_qubit_gate_shot_usd: float = 0.0
    two_qubit_gate_shot_usd: float = 0.0
    minimum_usd: float = 0.0

    def price_usd(
        self, *, run_s: float, one_qubit_gates: int, two_qubit_gates: int, shots: int
    ) -> float:
        """The price of one job: its task, time, shots and gates, never less than the minimum.

        Example:
            >>> round(quantum_hardware("ibm_fez").price_usd(
            ...     run_s=10.0, one_qubit_gates=0, two_qubit_gates=0, shots=1), 2)
            16.0
        """
        shot_usd = (
            self.shot_usd
            + one_qubit_gates * self.one_qubit_gate_shot_usd
            + two_qubit_gates * self.two_qubit_gate_shot_usd
        )
        job_usd = self.task_usd + run_s * self.second_usd + shots * shot_usd
        return max(self.minimum_usd, job_usd)


def quantum_hardware(name: str) -> QuantumHardware:
    """The facts about one quantum computer.

    Raises:
        ArgumentError: for a name that is not in the table.

    Example:
        >>> quantum_hardware("ionq_aria_1").num_qubits
        25
    """
    table = _table()
    if name not in table:
        raise ArgumentError("name", required=f"one of {', '.join(table)}", got=name)
    return table[name]


def hardware_names() -> tuple[str, ...]:
    """The quantum computers in the table.

    Example:
        >>> "ibm_fez" in hardware_names()
        True
    """
    return tuple(_table())


def read_hardware(text: str) -> dict[str, QuantumHardware]:
    """Read a table of quantum computers from TOML text; the format is explained in the file.

    Raises:
        DataError: for a row without calibration and price sources, each with url, date and
            licence, or with missing or unknown facts.
    """
    document = tomllib.loads(text)
    rows = [_row(dict(row), document.get("coupling", {})) for row in document.get("device", [])]
    return {row.name: row for row in rows}


@cache
def _table() -> dict[str, QuantumHardware]:
    return read_hardware(files("labkit.quantum").joinpath("hardware.toml").read_text("utf-8"))


def _row(row: dict[str, Any], couplings: Mapping[str, Any]) -> QuantumHardware:
    name, sources = row.get("name", "a device without a name"), row.get("sources", {})
    for group in ("calibration", "price"):
        missing = [key for key in _PROVENANCE if not sources.get(group, {}).get(key)]
        if missing:
            raise DataError(f"{name}: the {group} facts do not say {', '.join(missing)}.")
    coupling = row.pop("coupling", None)
    if coupling is not None:
        row["edges"] = tuple((first, second) for first, second in couplings[coupling])
    row["basis_gates"] = tuple(row.get("basis_gates", ()))
    unknown = set(row) - {field.name for field in fields(QuantumHardware)}
    if unknown:
        raise DataError(f"{name}: unknown facts {', '.join(sorted(unknown))}.")
    try:
        return QuantumHardware(**row)
    except TypeError as error:
        raise DataError(f"{name}: {error}.") from error
