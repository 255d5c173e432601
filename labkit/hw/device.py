"""This machine: its cores, vectors, caches and memory, and the accelerators that JAX sees."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from labkit.hw.catalogue import find_device
from labkit.hw.spec import Cache, DeviceSpec

__all__ = ["this_cpu", "this_device"]

_INSTRUCTIONS = (
    "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16",
    "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve",
)  # fmt: skip


def this_device() -> DeviceSpec:
    """The device JAX computes on by default: an accelerator where there is one, else the CPU.

    An accelerator found in the catalogue brings its published peaks along.

    Example:
        >>> this_device().kind in ("cpu", "gpu", "tpu")
        True
    """
    import jax

    default = jax.devices()[0]
    if default.platform == "cpu":
        return this_cpu()
    return _accelerator(default)


def this_cpu() -> DeviceSpec:
    """The processor of this machine, as the operating system describes it; JAX is not touched.

    Example:
        >>> cpu = this_cpu()
        >>> cpu.kind, cpu.cores >= 1, cpu.memory_bytes > 2**20
        ('cpu', True, True)
    """
    flags = _flags()
    return DeviceSpec(
        name=_cpu_name(),
        kind="cpu",
        cores=_usable_cores(),
        vector_bits=_vector_bits(flags),
        memory_bytes=_usable_memory(),
        caches=_caches(),
        instructions=tuple(name for name in _INSTRUCTIONS if name in flags),
    )


def _accelerator(device: Any) -> DeviceSpec:
    import jax

    published = find_device(device.device_kind)
    stats = device.memory_stats() or {}
    limit = stats.get("bytes_limit")
    return DeviceSpec(
        name=device.device_kind,
        kind="tpu" if device.platform == "tpu" else "gpu",
        memory_bytes=limit or (published.memory_bytes if published else None),
        peak_flops=published.peak_flops if published else {},
        bandwidth_bytes_per_s=published.bandwidth_bytes_per_s if published else None,
        power_w=published.power_w if published else None,
        accelerators=tuple(d.device_kind for d in jax.devices()),
        source=published.source if published else "",
    )


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux: what this process may use, not what exists
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _usable_memory() -> int:
    import psutil

    total = int(psutil.virtual_memory().total)
    limit = _read("/sys/fs/cgroup/memory.max").strip()  # a container's share
    return min(total, int(limit)) if limit.isdigit() else total


def _cpu_name() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    if found:
        return found[1].strip()
    import platform

    return _sysctl("machdep.cpu.brand_string") or platform.processor() or platform.machine()


def _flags() -> frozenset[str]:
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    words = found[1] if found else _sysctl("machdep.cpu.leaf7_features").lower()
    return frozenset(words.split())


def _vector_bits(flags: frozenset[str]) -> int:
    if "avx512f" in flags:
        return 512
    if "avx2" in flags or "avx" in flags:
        return 256
    return 128  # SSE2 is part of every x86-64, NEON of every 64-bit Arm


def _caches() -> tuple[Cache, ...]:
    """Data caches of the first core: Linux through sysfs, macOS through sysctl, else unknown."""
    found = []
    for entry in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, size = _read(entry / "type").strip(), _read(entry / "size").strip()
        if kind in ("Data", "Unified") and size.endswith("K"):
            sharers = _count_list(_read(entry / "shared_cpu_list").strip())
            found.append(Cache(int(_read(entry / "level")), int(size[:-1]) * 1024, sharers))
    if not found:
        sizes = [(1, _sysctl("hw.l1dcachesize")), (2, _sysctl("hw.l2cachesize"))]
        found = [Cache(level, int(size), 1) for level, size in sizes if size.isdigit()]
    return tuple(found)


def _count_list(ranges: str) -> int:
    """How many numbers a list such as ``0-3,8`` names."""
    bounds = [part.split("-") for part in ranges.split(",") if part]
    return sum(int(bound[-1]) - int(bound[0]) + 1 for bound in bounds) or 1


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _sysctl(name: str) -> str:
    if sys.platform != "darwin":
        return ""
    import subprocess

    done = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False)
    return done.stdout.strip()
