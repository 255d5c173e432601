"""The catalogue of published devices, read from ``devices.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from labkit.errors import ArgumentError, DataError
from labkit.hw.spec import DeviceSpec

__all__ = ["devices", "find_device", "get_device"]

_PROVENANCE = ("url", "date", "licence")


@cache
def devices() -> Mapping[str, DeviceSpec]:
    """Every device of the catalogue by name.

    Example:
        >>> devices()["NVIDIA L4"].power_w
        72.0
    """
    return {row["name"]: parse_device(row) for row in _rows()}


def get_device(name: str) -> DeviceSpec:
    """One device of the catalogue.

    Raises:
        ArgumentError: if the catalogue has no such name.

    Example:
        >>> get_device("Google TPU v5e").kind
        'tpu'
    """
    if name not in devices():
        raise ArgumentError("name", required=f"one of {', '.join(sorted(devices()))}", got=name)
    return devices()[name]


def find_device(jax_name: str) -> DeviceSpec | None:
    """The device that JAX calls ``jax_name`` (its ``device_kind``), if the catalogue has it.

    Example:
        >>> find_device("TPU v5 lite").name
        'Google TPU v5e'
        >>> find_device("an unheard-of chip") is None
        True
    """
    for row in _rows():
        if jax_name in row.get("jax_names", ()):
            return devices()[row["name"]]
    return None


def parse_device(row: Mapping[str, Any]) -> DeviceSpec:
    """A row of the catalogue as a :class:`DeviceSpec`.

    Raises:
        DataError: if the row does not say where its facts come from.
    """
    missing = [key for key in _PROVENANCE if not row.get(key)]
    if missing:
        name = row.get("name", "a device without a name")
        raise DataError(f"devices.toml: {name} lacks {', '.join(missing)}; a fact needs a source.")
    peaks = dict(row.get("peak_flops", {}))
    if "flops_per_cycle" in row:
        peaks["float32"] = row["cores"] * row["clock_hz"] * row["flops_per_cycle"]
    memory = row.get("memory_bytes")
    source = f"{row['url']} ({row['date']}, {row['licence']})"
    if "power_what" in row:
        source += f"; power: {_measured_power(row)}"
    return DeviceSpec(
        name=row["name"],
        kind=row["kind"],
        cores=row.get("cores", 1),
        vector_bits=row.get("vector_bits"),
        memory_bytes=None if memory is None else int(memory),
        peak_flops=peaks,
        bandwidth_bytes_per_s=row.get("bandwidth_bytes_per_s"),
        power_w=row.get("power_w"),
        interconnect_bytes_per_s=row.get("interconnect_bytes_per_s"),
        network_bytes_per_s=row.get("network_bytes_per_s"),
        source=source,
    )


def _measured_power(row: Mapping[str, Any]) -> str:
    """Where the power of a row comes from whose maker publishes none."""
    missing = [key for key in _PROVENANCE if not row.get(f"power_{key}")]
    if missing:
        names = ", ".join(f"power_{key}" for key in missing)
        raise DataError(f"devices.toml: {row['name']} lacks {names}; a fact needs a source.")
    told = [row[f"power_{key}"] for key in ("what", *_PROVENANCE)]
    return "{}, {} ({}, {})".format(*told)


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    import tomllib
    from importlib.resources import files

    text = files("labkit.hw").joinpath("devices.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["device"])
