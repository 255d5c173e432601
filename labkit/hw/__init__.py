"""Devices: what this machine is, a catalogue of others, and the remedies for slow defaults."""

from labkit.hw.catalogue import devices, find_device, get_device
from labkit.hw.device import this_cpu, this_device
from labkit.hw.runtime import Remedy, cache_folder, runtime_report
from labkit.hw.spec import Cache, DeviceSpec

__all__ = [
    "Cache",
    "DeviceSpec",
    "Remedy",
    "cache_folder",
    "devices",
    "find_device",
    "get_device",
    "runtime_report",
    "this_cpu",
    "this_device",
]
