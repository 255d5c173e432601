"""What serving a model takes: its latency measured here, its price and energy predicted.

And the decision that these figures are for: whether it keeps the terms under which one would
ship it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from labkit.cases.board import BoardRow
from labkit.cost import Offer, offers, price_per_thousand_usd
from labkit.errors import ArgumentError
from labkit.evaluate import Estimate
from labkit.hw import get_device
from labkit.perf import Demand, device_s

__all__ = [
    "Bill",
    "Decision",
    "Latency",
    "Terms",
    "board_row",
    "decide",
    "measure_latency",
    "predict_bill",
    "rented",
]


@dataclass(frozen=True)
class Latency:
    """How long answers took, one request at a time.

    Attributes:
        p50_s, p99_s, mean_s: of the timed calls.
        calls: how many were timed.
    """

    p50_s: float
    p99_s: float
    mean_s: float
    calls: int


def measure_latency(
    answer: Callable[[Any], Any],
    requests: Sequence[Any],
    *,
    warmup: int = 5,
    calls: int = 200,
    budget_s: float = 5.0,
) -> Latency:
    """Time an answering function in process, one request after another, each waited for.

    Args:
        answer: from a raw request to the answer, preparation included.
        requests: what to ask, in turn; again from the start where they run out.
        warmup: untimed calls for each request before: programs are compiled there, one for each
            shape. At most once over all requests, then ``warmup`` more.
        calls: timed calls; fewer where the budget is spent, but at least 20.
        budget_s: seconds for the timed calls.

    Raises:
        ArgumentError: no requests, or fewer than 20 calls asked.

    Example:
        >>> timed = measure_latency(sum, [[1, 2], [3]], calls=50)
        >>> timed.calls, 0 < timed.p50_s <= timed.p99_s
        (50, True)
    """
    if not len(requests):
        raise ArgumentError("requests", required="at least one", got=requests)
    if calls < 20:
        raise ArgumentError("calls", required="at least 20", got=calls)
    for i in range(len(requests) + warmup):
        jax.block_until_ready(answer(requests[i % len(requests)]))
    readings: list[float] = []
    while len(readings) < calls and (len(readings) < 20 or sum(readings) < budget_s):
        request = requests[len(readings) % len(requests)]
        start = time.perf_counter()
        jax.block_until_ready(answer(request))
        readings.append(time.perf_counter() - start)
    p50, p99 = np.quantile(readings, [0.5, 0.99])
    return Latency(float(p50), float(p99), float(np.mean(readings)), len(readings))


def rented(device: str = "NVIDIA Tesla T4", *, kind: str = "on demand") -> Offer:
    """The cheapest instance of the catalogue with one such device.

    Raises:
        ArgumentError: nobody offers it.

    Example:
        >>> rented().instance
        'g4dn.xlarge'
    """
    found = [o for o in offers() if (o.device, o.devices, o.kind) == (device, 1, kind)]
    if not found:
        known = sorted({o.device for o in offers() if o.devices == 1 and o.kind == kind})
        raise ArgumentError("device", required=f"one of {', '.join(known)}", got=device)
    return min(found, key=lambda offer: offer.price_usd_per_hour)


@dataclass(frozen=True)
class Bill:
    """What a request is predicted to cost.

    Attributes:
        machine: the instance that answers.
        service_s: seconds that one request keeps it busy.
        usd_per_thousand_requests: the machine is paid for busy or idle.
        energy_j_per_request: at the device's design power, busy or idle; None where that is not
            published.
        priced_from: ``"counted"`` operations, or ``"measured"`` seconds.
    """

    machine: str
    service_s: float
    usd_per_thousand_requests: float
    energy_j_per_request: float | None
    priced_from: str


def predict_bill(
    work: Demand | float,
    offer: Offer | None = None,
    *,
    utilisation: float = 0.5,
    power_w: float | None = None,
) -> Bill:
    """Price and energy of a request on a machine that is busy for a share of its time.

    Args:
        work: what one request asks of any device (:func:`labkit.perf.demand` of the model's
            function), whose time the twin predicts; or seconds measured here, where nothing
            can be counted (a forest of trees): then the offered machine is taken to be as fast.
        offer: the machine; :func:`rented` where None.
        utilisation: share of the time that it is busy.
        power_w: of what computes; the device's design power where None.

    Raises:
        ArgumentError: a share outside (0, 1], or seconds that are not positive.

    Example:
        >>> from labkit.perf.demand import Kernel
        >>> resnet50 = Demand((Kernel("float32", 8e9, 1e8),), minimal_bytes=1e8)
        >>> bill = predict_bill(resnet50)
        >>> bill.machine, bill.priced_from, bill.usd_per_thousand_requests < 0.01
        ('g4dn.xlarge (AWS)', 'counted', True)
    """
    if not 0 < utilisation <= 1:
        raise ArgumentError("utilisation", required="within (0, 1]", got=utilisation)
    offer = offer or rented()
    device = get_device(offer.device)
    counted = isinstance(work, Demand)
    service_s = device_s(work, device) if isinstance(work, Demand) else float(work)
    if not service_s > 0:
        raise ArgumentError("work", required="positive seconds", got=work)
    power = device.power_w if power_w is None else power_w
    return Bill(
        machine=f"{offer.instance} ({offer.provider})",
        service_s=service_s,
        usd_per_thousand_requests=price_per_thousand_usd(offer, utilisation / service_s),
        energy_j_per_request=None if power is None else power * service_s / utilisation,
        priced_from="counted" if counted else "measured",
    )


def board_row(
    *,
    case: str,
    model: str,
    data: str,
    metric: str,
    quality: Estimate,
    latency: Latency,
    bill: Bill,
    size_bytes: int,
    train_s: float,
    seeds: int,
    profile: str,
) -> BoardRow:
    """The row of a deployed model: what was scored, measured and predicted, in one place."""
    return BoardRow(
        case=case,
        model=model,
        data=data,
        metric=metric,
        quality=quality.value,
        quality_low=quality.low,
        quality_high=quality.high,
        latency_p50_s=latency.p50_s,
        latency_p99_s=latency.p99_s,
        usd_per_thousand_requests=bill.usd_per_thousand_requests,
        energy_j_per_request=bill.energy_j_per_request,
        size_bytes=size_bytes,
        train_s=train_s,
        seeds=seeds,
        profile=profile,
        machine=bill.machine,
        priced_from=bill.priced_from,
    )


@dataclass(frozen=True)
class Terms:
    """Under which one would ship; None is no limit.

    Attributes:
        min_quality: that the lower end of the quality's interval must reach.
        max_p99_s: of the latency.
        max_usd_per_thousand: of the predicted price.
        max_size_bytes: of the stored model.
    """

    min_quality: float | None = None
    max_p99_s: float | None = None
    max_usd_per_thousand: float | None = None
    max_size_bytes: float | None = None


@dataclass(frozen=True)
class Decision:
    """Whether to ship, and what speaks against it.

    Attributes:
        ship: whether every term is kept.
        broken: each term that is not, in words.
    """

    ship: bool
    broken: tuple[str, ...]

    def __str__(self) -> str:
        return "Ship it." if self.ship else f"Do not ship it: {'; '.join(self.broken)}."


def decide(row: BoardRow, terms: Terms) -> Decision:
    """Hold a row to the terms.

    Quality counts by the lower end of its interval: a service must be good, not have been lucky.
    """
    limits = (
        ("p99 latency", row.latency_p99_s, terms.max_p99_s, "s"),
        ("price", row.usd_per_thousand_requests, terms.max_usd_per_thousand, "USD a thousand"),
        ("size", row.size_bytes, terms.max_size_bytes, "B"),
    )
    broken = []
    if terms.min_quality is not None and row.quality_low < terms.min_quality:
        least = f"{row.metric} may be {row.quality_low:.3g}, at least {terms.min_quality:.3g}"
        broken.append(f"{least} is asked")
    broken += [
        f"{name} {value:.3g} of at most {limit:.3g} {unit}"
        for name, value, limit, unit in limits
        if limit is not None and value > limit
    ]
    return Decision(not broken, tuple(broken))
