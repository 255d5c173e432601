"""Waiting times that need no simulation: M/M/1, M/M/c, M/D/1 and M/G/1 in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln

from labkit.errors import ArgumentError

__all__ = ["WaitingLaw", "md1", "mg1", "mm1", "mmc"]


@dataclass(frozen=True)
class WaitingLaw:
    """The stationary waiting time before service.

    Attributes:
        mean_s: its mean, seconds.
        tail: ``tail(t)`` is the probability of waiting longer than ``t`` seconds.
    """

    mean_s: float
    tail: Callable[[float], float]

    def quantile_s(self, q: float) -> float:
        """The time that a share ``q`` of requests do not wait longer than."""
        if not 0 <= q < 1:
            raise ArgumentError("q", required="in [0, 1)", got=q)
        target = 1.0 - q
        if self.tail(0.0) <= target:
            return 0.0
        high = max(self.mean_s, 1e-12)
        while self.tail(high) > target:
            high *= 2.0
        return float(brentq(lambda t: self.tail(t) - target, 0.0, high, xtol=1e-12, rtol=1e-12))


def mm1(rate_per_s: float, mean_service_s: float) -> WaitingLaw:
    """Poisson arrivals, exponential service, one server.

    Example:
        >>> mm1(0.5, 1.0).mean_s
        1.0
    """
    return mmc(rate_per_s, mean_service_s, servers=1)


def mmc(rate_per_s: float, mean_service_s: float, *, servers: int) -> WaitingLaw:
    """Poisson arrivals, exponential service, ``servers`` servers and one queue (Erlang C).

    Source:
        Kleinrock, Queueing Systems I, 1975, section 3.5.
    """
    load = _load(rate_per_s, mean_service_s, servers)
    offered = rate_per_s * mean_service_s
    log_terms = np.arange(servers) * math.log(offered) - gammaln(np.arange(servers) + 1)
    log_last = servers * math.log(offered) - gammaln(servers + 1) - math.log1p(-load)
    must_wait = 1.0 / (1.0 + np.exp(log_terms - log_last).sum())
    drain_per_s = servers / mean_service_s - rate_per_s
    return WaitingLaw(
        float(must_wait / drain_per_s), lambda t: float(must_wait * math.exp(-drain_per_s * t))
    )


def md1(rate_per_s: float, service_s: float) -> WaitingLaw:
    """Poisson arrivals, one fixed service time, one server.

    Source:
        Erlang, The theory of probabilities and telephone conversations, 1909. The series
        alternates and its terms reach ``exp(2 λ t)``, so it is summed with as many decimal
        digits as that takes.
    """
    load = _load(rate_per_s, service_s, 1)

    def tail(t: float) -> float:
        with localcontext() as context:
            context.prec = 30 + int(rate_per_s * t)
            left = [
                Decimal(rate_per_s) * (Decimal(t) - k * Decimal(service_s))
                for k in range(int(t / service_s) + 1)
            ]
            terms = (
                (-x) ** k / math.factorial(k) * x.exp() if k else x.exp()
                for k, x in enumerate(left)
            )
            return float(1 - (1 - Decimal(load)) * sum(terms))

    return WaitingLaw(load * service_s / (2 * (1 - load)), tail)


def mg1(
    rate_per_s: float,
    mean_service_s: float,
    variation: float,
    transform: Callable[[np.ndarray], np.ndarray],
) -> WaitingLaw:
    """Poisson arrivals, any service time, one server (Pollaczek and Khinchine).

    Args:
        rate_per_s: arrivals per second.
        mean_service_s: mean service time, seconds.
        variation: the service time's coefficient of variation.
        transform: its Laplace-Stieltjes transform, ``E[exp(-s S)]``, for complex ``s``.

    Source:
        Kleinrock, Queueing Systems I, 1975, equation 5.108; inverted numerically by the
        Euler method of Abate and Whitt, ORSA Journal on Computing 7(1), 1995.
    """
    load = _load(rate_per_s, mean_service_s, 1)
    mean_s = load * mean_service_s * (1 + variation**2) / (2 * (1 - load))

    def tail_transform(s: np.ndarray) -> np.ndarray:
        wait = (1 - load) * s / (s - rate_per_s * (1 - transform(s)))
        return (1 - wait) / s

    return WaitingLaw(mean_s, lambda t: load if t <= 0 else _invert(tail_transform, t))


def _invert(transform: Callable[[np.ndarray], np.ndarray], t: float) -> float:
    """The function at ``t`` whose Laplace transform is given: Euler summation, 11 + 40 terms."""
    terms, averaged, a = 40, 11, 18.4
    k = np.arange(terms + averaged + 1)
    values = transform((a + 2j * np.pi * k) / (2 * t)).real * (-1.0) ** k
    values[0] /= 2
    partial_sums = np.cumsum(values)[terms:]
    weights = np.exp(
        gammaln(averaged + 1)
        - gammaln(np.arange(averaged + 1) + 1)
        - gammaln(averaged - np.arange(averaged + 1) + 1)
        - averaged * math.log(2)
    )
    return float(math.exp(a / 2) / t * weights @ partial_sums)


def _load(rate_per_s: float, mean_service_s: float, servers: int) -> float:
    load = rate_per_s * mean_service_s / servers
    if not 0 < load < 1:
        raise ArgumentError(
            "rate_per_s",
            required="such that the servers are busy less than all the time",
            got=rate_per_s,
            fix=f"They would be busy {load:.0%} of it; add servers or lower the rate.",
        )
    return load
