"""Planted answers for labkit/teach/exercises/customer_service.py."""

from __future__ import annotations

import numpy as np


def _by_sorting(confidence, kept):
    values = sorted(confidence)
    place = (len(values) - 1) * (1 - kept)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def _added_up(messages, hits, thousand_usd, handed, person_usd):
    computed = messages - messages * hits
    return computed / 1e3 * thousand_usd + person_usd * handed


WRONG = {
    "customer_service.threshold": [
        "",
        0.9,
        lambda confidence, kept: np.quantile(confidence, kept),
        lambda confidence, kept: kept,
        lambda confidence, kept: 1 - kept,
        lambda confidence, kept: kept * np.mean(confidence),
        lambda confidence, kept: min(confidence),
    ],
    "customer_service.hand_over": ["", "0.6", 0.4, 0.5, 0.714, 60, [0.6], 0],
    "customer_service.conversation": [
        "",
        0.5,
        lambda m, h, t, a, p: m * h * t / 1000 + a * p,
        lambda m, h, t, a, p: m * (1 - h) * t + a * p,
        lambda m, h, t, a, p: m * ((1 - h) * t / 1000 + a * p),
        lambda m, h, t, a, p: m * (1 - h) * t / 1000,
        lambda m, h, t, a: m * (1 - h) * t / 1000 + a * 5,
    ],
}

RIGHT = {
    "customer_service.threshold": [
        lambda confidence, kept: np.quantile(confidence, 1 - kept),
        _by_sorting,
    ],
    "customer_service.hand_over": [0.6, 3 / 5, 1 - 2 / 5],
    "customer_service.conversation": [
        lambda m, h, t, a, p: m * (1 - h) * t / 1000 + a * p,
        _added_up,
    ],
}
