"""The time of a program on a device that is not here, from its data sheet and four numbers.

Devices do not reach what their data sheets say. How much of it they reach is taken to be the
same everywhere: four numbers for all devices and all programs, kept in ``efficiency.toml`` with
how they were found. Nothing is tuned for a workload; what that leaves wrong is the interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from labkit.errors import ArgumentError, DataError
from labkit.hw import DeviceSpec
from labkit.perf.demand import Demand, peak_flops

__all__ = ["Efficiency", "device_s", "efficiency", "fastest_s", "interval_s"]


@dataclass(frozen=True)
class Efficiency:
    """What devices reach of their data sheets, all alike.

    Attributes:
        arithmetic: share of the published peak that a large product reaches.
        traffic: share of the published bandwidth.
        between: how often what one kernel passes to another is moved, compared with perfect
            fusion; at least 1. Arguments and results move once.
        kernel_s: seconds that each kernel takes beyond its work.
        spread: as a logarithm, the error that 4 of 5 published measurements stay below.
        source: how the numbers were found.

    Raises:
        ArgumentError: where one is not possible.
    """

    arithmetic: float
    traffic: float
    between: float
    kernel_s: float
    spread: float
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what no device can be."""
        for name in ("arithmetic", "traffic"):
            if not 0 < getattr(self, name) <= 1:
                raise ArgumentError(name, required="within (0, 1]", got=getattr(self, name))
        if self.between < 1:
            raise ArgumentError("between", required="at least 1", got=self.between)
        for name in ("kernel_s", "spread"):
            if getattr(self, name) < 0:
                raise ArgumentError(name, required="at least 0", got=getattr(self, name))


@cache
def efficiency() -> Efficiency:
    """The numbers that all predictions for other devices share.

    Example:
        >>> 0.5 < efficiency().arithmetic < 1
        True
    """
    import tomllib

    text = files("labkit.perf").joinpath("efficiency.toml").read_text(encoding="utf-8")
    return parse_efficiency(tomllib.loads(text))


def parse_efficiency(table: Mapping[str, Any]) -> Efficiency:
    """The contents of ``efficiency.toml``.

    Raises:
        DataError: where it does not say where its numbers come from.
    """
    missing = [key for key in ("found_by", "date", "tables") if not table.get(key)]
    if missing:
        raise DataError(f"efficiency.toml lacks {', '.join(missing)}; a fact needs a source.")
    names = ("arithmetic", "traffic", "between", "kernel_s", "spread")
    values = {name: float(table[name]) for name in names}
    return Efficiency(**values, source=f"{table['found_by']} ({table['date']})")


def device_s(asked: Demand, device: DeviceSpec, reached: Efficiency | None = None) -> float:
    """Seconds that a program takes on one device.

    Each product waits for its arithmetic or for its operands, whichever takes longer. What fusion
    leaves to move between products comes on top, and a launch for each kernel.

    Args:
        asked: the program.
        device: with a published peak and bandwidth.
        reached: other numbers than those of ``efficiency.toml``.

    Raises:
        ArgumentError: if the device has no published bandwidth or peak.

    Example:
        >>> from labkit.hw import get_device
        >>> from labkit.perf.demand import Kernel
        >>> one = Demand((Kernel("bfloat16", 312e12, 1e9),), minimal_bytes=1e9)
        >>> ideal = Efficiency(1.0, 1.0, 1.0, 0.0, 0.0)
        >>> device_s(one, get_device("NVIDIA A100 SXM4 80 GB"), ideal)
        1.0
    """
    reached = reached or efficiency()
    bandwidth = _bandwidth(device) * reached.traffic
    products_s = sum(
        kernel.times
        * max(
            kernel.flops / (peak_flops(kernel.dtype, device) * reached.arithmetic),
            kernel.moved_bytes / bandwidth,
        )
        for kernel in asked.products
    )
    passed_bytes = max(asked.other_bytes - asked.minimal_bytes, 0.0)
    between_s = (asked.other_bytes + (reached.between - 1) * passed_bytes) / bandwidth
    kernels = sum(kernel.times for kernel in asked.products) + asked.other_kernels
    moved_s = max(products_s + between_s, asked.minimal_bytes / bandwidth)
    return moved_s + max(kernels, 1.0) * reached.kernel_s


def fastest_s(asked: Demand, device: DeviceSpec) -> float:
    """What no program can beat: all arithmetic at the peak, all arguments read once."""
    arithmetic_s = sum(k.times * k.flops / peak_flops(k.dtype, device) for k in asked.products)
    return max(arithmetic_s, asked.minimal_bytes / _bandwidth(device))


def interval_s(seconds: float, floor_s: float, reached: Efficiency) -> tuple[float, float]:
    """Where 4 of 5 published measurements would lie, but never below what is possible."""
    margin = math.exp(reached.spread)
    return max(seconds / margin, min(floor_s, seconds)), seconds * margin


def _bandwidth(device: DeviceSpec) -> float:
    if not device.peak_flops or not device.bandwidth_bytes_per_s:
        raise ArgumentError("device", required="a device with known peak and bandwidth", got=device)
    return device.bandwidth_bytes_per_s
