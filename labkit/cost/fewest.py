"""The fewest machines that answer in time, for many machines and batch sizes at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labkit.cost.facts import Offer
from labkit.cost.latency import p99_latency_s
from labkit.cost.workload import Workload

__all__ = ["MOST_INSTANCES", "fewest"]

MOST_INSTANCES = 64


def fewest(
    workload: Workload,
    pairs: Sequence[tuple[Offer, str]],
    *,
    rate_per_s: float,
    network_s: float,
    limit_s: float,
    most: int = MOST_INSTANCES,
) -> tuple[list[list[int]], list[list[float]]]:
    """Fewest instances, up to ``most``, that keep the latency, or ``most``; and the latency then.

    Both by (machine and precision, batch size).
    """
    times = np.array([workload.service_s[offer.device, precision] for offer, precision in pairs])
    sizes = np.array(workload.batch_sizes)
    instances = np.arange(1, most + 1)
    replicas = instances * np.array([offer.devices for offer, _ in pairs])[:, None, None]
    latency = network_s + p99_latency_s(
        rate_per_s, sizes[None, :, None], times[:, :, None], replicas
    )
    kept = latency <= limit_s
    at = np.where(kept.any(axis=2), kept.argmax(axis=2), most - 1)
    reached = np.take_along_axis(latency, at[:, :, None], axis=2)[:, :, 0]
    return instances[at].tolist(), reached.tolist()
