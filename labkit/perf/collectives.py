"""What it takes devices to exchange data: the α–β model of the usual collectives.

A message of n bytes takes α + n β seconds: α to get under way, β for each byte. A collective is
some number of rounds of such messages, and its time is their sum; combining two numbers is
taken as free, as it is on devices whose memory is faster than their links.

Source:
    Thakur, Rabenseifner, Gropp, Optimization of Collective Communication Operations in MPICH,
    International Journal of High Performance Computing Applications 19, 2005, section 3 and 4;
    Patarasuk and Yuan, Bandwidth optimal all-reduce algorithms for clusters of workstations,
    Journal of Parallel and Distributed Computing 69, 2009 (the bound 2 (p - 1) / p · n β).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from labkit.errors import ArgumentError, DataError
from labkit.hw import DeviceSpec

__all__ = [
    "Link",
    "all_gather_s",
    "all_reduce_s",
    "all_to_all_s",
    "broadcast_s",
    "link_of",
    "reduce_scatter_s",
    "ring_all_reduce_s",
    "tree_all_reduce_s",
]


@dataclass(frozen=True)
class Link:
    """How two devices are joined.

    Attributes:
        latency_s: α, before the first byte arrives.
        bytes_per_s: 1 / β, in one direction.

    Raises:
        ArgumentError: where one is out of range.
    """

    latency_s: float
    bytes_per_s: float

    def __post_init__(self) -> None:
        """Refuse a link that nothing passes."""
        if self.latency_s < 0:
            raise ArgumentError("latency_s", required="at least 0", got=self.latency_s)
        if not self.bytes_per_s > 0:
            raise ArgumentError("bytes_per_s", required="positive", got=self.bytes_per_s)

    def message_s(self, n_bytes: float) -> float:
        """Seconds for one message."""
        return self.latency_s + n_bytes / self.bytes_per_s


def link_of(device: DeviceSpec, devices: int, *, per_node: int = 8) -> Link:
    """The slowest link of a ring of such devices: within a node, or between nodes.

    Raises:
        ArgumentError: where the link that is needed is not published for the device.

    Example:
        >>> from labkit.hw import get_device
        >>> link_of(get_device("NVIDIA A100 SXM4 80 GB"), 8).bytes_per_s
        300000000000.0
        >>> link_of(get_device("NVIDIA A100 SXM4 80 GB"), 64).bytes_per_s
        25000000000.0
    """
    within = device.interconnect_bytes_per_s
    if within is None:
        required = "one whose interconnect is published"
        raise ArgumentError("device", required=required, got=device.name)
    if devices <= per_node:
        return Link(_latencies_s()["within"], within)
    between = device.network_bytes_per_s
    if between is None:
        required = f"one whose network is published, for more than {per_node} of them"
        raise ArgumentError("device", required=required, got=device.name)
    return Link(_latencies_s()["between"], min(within, between))


def ring_all_reduce_s(n_bytes: float, devices: int, link: Link) -> float:
    """Each device ends with the sum of all arrays of ``n_bytes``: once around and once again.

    ``2 (p - 1) (α + n / p β)``: no method moves fewer bytes through the busiest link.

    Example:
        >>> ring_all_reduce_s(8e9, 4, Link(1e-3, 1e9))
        12.006
    """
    rounds = 2 * (_known(n_bytes, devices) - 1)
    return rounds * link.message_s(n_bytes / devices)


def tree_all_reduce_s(n_bytes: float, devices: int, link: Link) -> float:
    """The same up a binary tree and down again: ``2 ⌈log2 p⌉ (α + n β)``, for small arrays."""
    return 2 * math.ceil(math.log2(_known(n_bytes, devices))) * link.message_s(n_bytes)


def all_reduce_s(n_bytes: float, devices: int, link: Link) -> float:
    """The faster of ring and tree, as libraries choose.

    Example:
        >>> wire = Link(1e-6, 1e9)
        >>> all_reduce_s(8.0, 64, wire) == tree_all_reduce_s(8.0, 64, wire)
        True
        >>> all_reduce_s(8e9, 64, wire) == ring_all_reduce_s(8e9, 64, wire)
        True
    """
    return min(f(n_bytes, devices, link) for f in (ring_all_reduce_s, tree_all_reduce_s))


def reduce_scatter_s(n_bytes: float, devices: int, link: Link) -> float:
    """Each device ends with its share of the sum: half of a ring's all-reduce."""
    return (_known(n_bytes, devices) - 1) * link.message_s(n_bytes / devices)


def all_gather_s(n_bytes: float, devices: int, link: Link) -> float:
    """Each device ends with the ``n_bytes`` of which each had a share: the other half."""
    return reduce_scatter_s(n_bytes, devices, link)


def all_to_all_s(n_bytes: float, devices: int, link: Link) -> float:
    """Each device sends another share of its ``n_bytes`` to each other one, in turn."""
    return (_known(n_bytes, devices) - 1) * link.message_s(n_bytes / devices)


def broadcast_s(n_bytes: float, devices: int, link: Link) -> float:
    """One array to all: down a tree if it is small, else in shares and then around.

    ``min(⌈log2 p⌉ (α + n β), (⌈log2 p⌉ + p - 1) α + 2 (p - 1) / p · n β)``.
    """
    depth = math.ceil(math.log2(_known(n_bytes, devices)))
    rounds = depth + devices - 1
    shared_s = 2 * (devices - 1) / devices * n_bytes / link.bytes_per_s
    return min(depth * link.message_s(n_bytes), rounds * link.latency_s + shared_s)


def _known(n_bytes: float, devices: int) -> int:
    if devices < 1:
        raise ArgumentError("devices", required="at least 1", got=devices)
    if n_bytes < 0:
        raise ArgumentError("n_bytes", required="at least 0", got=n_bytes)
    return devices


@cache
def _latencies_s() -> dict[str, float]:
    text = files("labkit.perf").joinpath("links.toml").read_text(encoding="utf-8")
    return parse_links(tomllib.loads(text))


def parse_links(table: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The contents of ``links.toml``.

    Raises:
        DataError: where a row does not say where its figure comes from.
    """
    for name, row in table.items():
        missing = [key for key in ("url", "date", "licence") if not row.get(key)]
        if missing:
            raise DataError(f"links.toml: {name} lacks {', '.join(missing)}.")
    return {name: float(row["latency_s"]) for name, row in table.items()}
