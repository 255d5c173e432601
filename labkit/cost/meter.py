"""The energy of a real run: from the processor's own counters, else estimated, and said so.

Source:
    Linux, Documentation/power/powercap: Intel and AMD processors count the energy of a package in
    microjoules (RAPL) and start again at ``max_energy_range_uj``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.errors import ArgumentError

__all__ = ["EnergyReading", "measure_energy"]

POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class EnergyReading:
    """What a run took.

    Attributes:
        joules: energy of the processor packages; estimated where ``measured`` is False.
        seconds: wall time.
        busy_s: seconds of processor time, all threads together.
        measured: whether the processor counted it.
        how: in words.
    """

    joules: float
    seconds: float
    busy_s: float
    measured: bool
    how: str

    def __str__(self) -> str:
        kind = "measured" if self.measured else "estimated"
        return f"{self.joules:.3g} J in {self.seconds:.3g} s, {kind}: {self.how}"


def measure_energy(
    call: Callable[[], Any], *, core_power_w: float | None = None, counters: Path = POWERCAP
) -> EnergyReading:
    """Run a function and say how much energy it took.

    Args:
        call: waits for its own result.
        core_power_w: of one busy core, for the estimate where no counter can be read.
        counters: where the kernel shows them.

    Raises:
        ArgumentError: where no counter can be read and no power is given.

    Example:
        >>> reading = measure_energy(lambda: sum(range(10**5)), core_power_w=5.0)
        >>> reading.joules >= 0
        True
    """
    zones = _zones(counters)
    if not zones and not (core_power_w and core_power_w > 0):
        required = "given (positive), since this machine shows no energy counter"
        raise ArgumentError("core_power_w", required=required, got=core_power_w)
    before, cpu_s, started = _read(zones), time.process_time(), time.perf_counter()
    call()
    seconds, busy_s = time.perf_counter() - started, time.process_time() - cpu_s
    if zones:
        joules = sum(
            (after - start) % wrap / 1e6
            for (start, wrap), (after, _) in zip(before, _read(zones), strict=True)
        )
        how = "RAPL counters of the processor packages, other programs included"
        return EnergyReading(joules, seconds, busy_s, True, how)
    how = f"processor time × {core_power_w:.3g} W a core; no counter can be read here"
    return EnergyReading(float(core_power_w or 0.0) * busy_s, seconds, busy_s, False, how)


def _zones(counters: Path) -> list[Path]:
    """The packages whose counter this process may read."""
    found = []
    for zone in sorted(counters.glob("intel-rapl:*")):
        try:
            if zone.name.count(":") == 1:
                int((zone / "energy_uj").read_text())
                found.append(zone)
        except (OSError, ValueError):
            continue
    return found


def _read(zones: list[Path]) -> list[tuple[int, int]]:
    return [
        (int((z / "energy_uj").read_text()), int((z / "max_energy_range_uj").read_text()))
        for z in zones
    ]
