"""How long a request waits for batches of fixed size before identical replicas."""

from __future__ import annotations

import numpy as np

__all__ = ["p99_latency_s"]


def p99_latency_s(
    rate_per_s: np.ndarray | float,
    batch_size: np.ndarray | int,
    batch_s: np.ndarray | float,
    replicas: np.ndarray | int,
) -> np.ndarray:
    """The latency that 99 of 100 requests do not exceed; infinite where they outrun the replicas.

    A batch leaves when it holds ``batch_size`` requests or its first one has waited for as long
    as that many take to come on average; while all replicas are busy it goes on filling, so that
    under load batches are full. They come with the variance of that many gaps, and waiting for a
    replica is exponential beyond the chance of waiting at all.

    Source:
        Sakasegawa, An approximation formula L_q = α ρ^β / (1 - ρ), Annals of the Institute of
        Statistical Mathematics 29, 1977; Allen, Probability, Statistics and Queueing Theory,
        1990, section 5.3 (Allen and Cunneen's factor for variability).
    """
    rate, size = np.asarray(rate_per_s, float), np.asarray(batch_size, float)
    served_s, count = np.asarray(batch_s, float), np.asarray(replicas, float)
    load = rate / size * served_s / count
    with np.errstate(divide="ignore", invalid="ignore"):
        must_wait = load ** (np.sqrt(2 * (count + 1)) - 1)
        mean_s = served_s / size / (2 * count * (1 - load))
        wait_s = np.maximum(mean_s * np.log(must_wait / 0.01), 0.0)
    filling_s = (size - 1) / rate
    return np.where(load < 1, filling_s + wait_s + served_s, np.inf)
