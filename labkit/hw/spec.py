"""What a device is: the facts that decide how fast it can compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labkit.units import format_bytes, format_si

__all__ = ["Cache", "DeviceSpec"]


@dataclass(frozen=True)
class Cache:
    """One level of a processor's cache.

    Attributes:
        level: 1 is nearest the core.
        size_bytes: of one instance.
        shared_by: hardware threads that share one instance.
    """

    level: int
    size_bytes: int
    shared_by: int


@dataclass(frozen=True)
class DeviceSpec:
    """A processor or accelerator. ``None`` and empty mean "not known", never zero.

    Attributes:
        name: as its maker writes it.
        kind: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        cores: hardware threads this process may use (CPU); 1 for an accelerator.
        vector_bits: width of the widest vector register; ``None`` for an accelerator.
        memory_bytes: memory this process may use (this device) or on the board (catalogue).
        caches: data caches, nearest first.
        instructions: instruction sets that matter here, such as ``"avx512_vnni"``.
        peak_flops: arithmetic peak in FLOP/s by precision (``"float32"``, ``"bfloat16"`` ...),
            as published. What this machine really reaches: :func:`labkit.perf.calibrate`.
        bandwidth_bytes_per_s: of the main memory, as published.
        power_w: thermal design power; where the maker publishes none, what was measured under
            full load (``source`` says so).
        interconnect_bytes_per_s: what it can send to its neighbours in the same machine at once,
            in one direction.
        network_bytes_per_s: its share of the network between machines, in one direction.
        accelerators: names of the accelerators that JAX sees on this machine.
        source: where published figures come from (URL and date read); empty if detected.

    Example:
        >>> chip = DeviceSpec("Example 1", "cpu", cores=2, vector_bits=256, memory_bytes=2**30)
        >>> print(chip)
        Example 1 (cpu): 2 cores, 256-bit vectors, 1 GiB of memory
    """

    name: str
    kind: str
    cores: int = 1
    vector_bits: int | None = None
    memory_bytes: int | None = None
    caches: tuple[Cache, ...] = ()
    instructions: tuple[str, ...] = ()
    peak_flops: Mapping[str, float] = field(default_factory=dict)
    bandwidth_bytes_per_s: float | None = None
    power_w: float | None = None
    interconnect_bytes_per_s: float | None = None
    network_bytes_per_s: float | None = None
    accelerators: tuple[str, ...] = ()
    source: str = ""

    def __str__(self) -> str:
        facts = [f"{self.cores} core{'s' if self.cores != 1 else ''}"] if self.kind == "cpu" else []
        if self.vector_bits:
            facts.append(f"{self.vector_bits}-bit vectors")
        facts += [
            f"{format_bytes(c.size_bytes)} L{c.level} cache"
            + (f" for {c.shared_by} threads" if c.shared_by > 1 else "")
            for c in self.caches
        ]
        if self.memory_bytes:
            facts.append(f"{format_bytes(self.memory_bytes)} of memory")
        facts += [f"{format_si(rate, 'FLOP/s')} in {p}" for p, rate in self.peak_flops.items()]
        if self.bandwidth_bytes_per_s:
            facts.append(format_si(self.bandwidth_bytes_per_s, "B/s"))
        return f"{self.name} ({self.kind}): {', '.join(facts)}"
