"""A workload: how long a model takes on each device, and how well it does at each precision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labkit.errors import ArgumentError
from labkit.hw import DeviceSpec, get_device

__all__ = ["Workload"]


@dataclass(frozen=True)
class Workload:
    """A served model, as the planner sees it.

    Attributes:
        name: what it is.
        batch_sizes: the ladder of batches it is compiled for, ascending.
        service_s: by (device, precision), seconds for a batch of each size.
        memory_bytes: by precision, what one replica needs.
        quality: by precision, as measured on test data (accuracy, say).
    """

    name: str
    batch_sizes: tuple[int, ...]
    service_s: Mapping[tuple[str, str], tuple[float, ...]]
    memory_bytes: Mapping[str, float]
    quality: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse a table that does not fit together."""
        sizes = self.batch_sizes
        if not sizes or list(sizes) != sorted(set(sizes)) or sizes[0] < 1:
            raise ArgumentError("batch_sizes", required="positive and ascending", got=sizes)
        for (device, precision), seconds in self.service_s.items():
            if len(seconds) != len(sizes) or min(seconds) <= 0:
                name = f"service_s[{device!r}, {precision!r}]"
                required = "a positive time for each batch size"
                raise ArgumentError(name, required=required, got=seconds)
            for name in ("memory_bytes", "quality"):
                if precision not in getattr(self, name):
                    required = f"known for {precision}"
                    raise ArgumentError(name, required=required, got=getattr(self, name))

    @staticmethod
    def measured_by(
        seconds: Callable[[int, str, DeviceSpec], float],
        *,
        name: str,
        devices: Iterable[str],
        batch_sizes: tuple[int, ...],
        memory_bytes: Mapping[str, float],
        quality: Mapping[str, float],
    ) -> Workload:
        """A workload whose times a function gives: (batch size, precision, device) -> seconds.

        The function is ``labkit.perf.predict`` of the model's jitted call for other devices, or a
        measurement for this one.
        """
        table = {
            (device, precision): tuple(
                seconds(size, precision, get_device(device)) for size in batch_sizes
            )
            for device in devices
            for precision in memory_bytes
        }
        return Workload(name, batch_sizes, table, memory_bytes, quality)
