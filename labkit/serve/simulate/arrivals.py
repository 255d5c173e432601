"""When requests arrive: gaps between arrivals, in seconds, shape ``(n, lanes)``."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.types import Float, Key

__all__ = ["bursty", "diurnal", "from_times", "poisson"]


def poisson(
    key: Key[jax.Array, ""], rate_per_s: float, n: int, lanes: int = 1
) -> Float[jax.Array, "n lanes"]:
    """Independent users: exponential gaps with mean ``1 / rate_per_s``.

    Example:
        >>> gaps_s = poisson(jax.random.key(0), rate_per_s=50.0, n=10_000)
        >>> bool(abs(gaps_s.mean() - 0.02) < 0.001)
        True
    """
    _check_rate(rate_per_s)
    return jax.random.exponential(key, (n, lanes)) / rate_per_s


def bursty(
    key: Key[jax.Array, ""], rate_per_s: float, n: int, lanes: int = 1, *, variation: float = 2.0
) -> Float[jax.Array, "n lanes"]:
    """Clustered arrivals: gamma gaps whose coefficient of variation is ``variation``.

    ``variation=1`` is Poisson; above 1, many short gaps and a few long ones.
    """
    _check_rate(rate_per_s)
    if variation <= 0:
        raise ArgumentError("variation", required="positive", got=variation)
    shape = 1.0 / variation**2
    return jax.random.gamma(key, shape, (n, lanes)) / (shape * rate_per_s)


def diurnal(
    key: Key[jax.Array, ""],
    rate_per_s: float,
    n: int,
    lanes: int = 1,
    *,
    peak_to_mean: float = 1.8,
    period_s: float = 86_400.0,
) -> Float[jax.Array, "n lanes"]:
    """A day: a Poisson process whose rate is ``rate * (1 + (peak - 1) * sin)`` over ``period_s``.

    Unit-rate arrivals are carried through the inverse of the integrated rate.

    Source:
        Çinlar, Introduction to Stochastic Processes, 1975, chapter 4: time change of
        a non-stationary Poisson process.
    """
    _check_rate(rate_per_s)
    if not 1 <= peak_to_mean <= 2:
        raise ArgumentError("peak_to_mean", required="between 1 and 2", got=peak_to_mean)
    swing, omega = peak_to_mean - 1.0, 2 * np.pi / period_s
    # In float64: a day is 86,400 s and gaps may be microseconds.
    expected = np.cumsum(np.asarray(jax.random.exponential(key, (n, lanes)), np.float64), axis=0)
    grid_s = np.linspace(0, period_s, 20_001)
    integral = rate_per_s * (grid_s + swing / omega * (1 - np.cos(omega * grid_s)))
    days, within = np.divmod(expected, rate_per_s * period_s)
    times_s = days * period_s + np.interp(within, integral, grid_s)
    return from_times(times_s)


def from_times(times_s: ArrayLike) -> Float[jax.Array, "n lanes"]:
    """Gaps of a recorded trace of arrival times; the first arrival is at gap 0.

    Raises:
        ArgumentError: where the times are not finite and in order.
    """
    times = np.asarray(times_s, np.float64)
    times = times[:, None] if times.ndim == 1 else times
    gaps = np.diff(times, axis=0, prepend=times[:1])
    if not np.all(np.isfinite(times)) or np.any(gaps < 0):
        raise ArgumentError(
            "times_s", required="finite and in order", got=times_s, fix="Sort the trace first."
        )
    return jnp.asarray(gaps, jnp.float32)


def _check_rate(rate_per_s: float) -> None:
    if not rate_per_s > 0:
        raise ArgumentError("rate_per_s", required="positive", got=rate_per_s)
