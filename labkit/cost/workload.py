"""A workload: how long a model takes on each device, and how well it does at each precision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labkit.errors import ArgumentError
from labkit.hw import DeviceSpec, get_device
from labkit.hw import devices as catalogue
from labkit.perf.demand import Demand
from labkit.perf.elsewhere import device_s

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

    @staticmethod
    def predicted(
        asked: Callable[[int, str], Demand],
        *,
        name: str,
        precisions: Mapping[str, float],
        memory_bytes: Mapping[str, float],
        batch_sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64),
        devices: Iterable[str] | None = None,
    ) -> Workload:
        """A workload predicted for every device of the catalogue.

        Args:
            asked: (batch size, precision) -> what a batch asks of a device
                (:func:`labkit.perf.demand` of the model's function).
            name: what it is.
            precisions: the quality by precision.
            memory_bytes: by precision, what one replica needs.
            batch_sizes: the ladder.
            devices: names; those with a known bandwidth and peak for the precision where None.

        Example:
            >>> from labkit.perf.demand import Kernel
            >>> model = Workload.predicted(
            ...     lambda batch, _: Demand((Kernel("bfloat16", 8e9 * batch, 5e7),)),
            ...     name="ResNet-50", precisions={"bfloat16": 0.76}, memory_bytes={"bfloat16": 1e9},
            ... )
            >>> len(model.service_s) > 20
            True
        """
        table: dict[tuple[str, str], tuple[float, ...]] = {}
        for precision in precisions:
            ladder = [asked(size, precision) for size in batch_sizes]
            for device in catalogue().values() if devices is None else map(get_device, devices):
                if device.bandwidth_bytes_per_s and device.peak_flops:
                    seconds = tuple(device_s(step, device) for step in ladder)
                    table[device.name, precision] = seconds
        return Workload(name, batch_sizes, table, memory_bytes, precisions)
