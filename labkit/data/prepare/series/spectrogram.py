"""How much power a series has at each frequency, window after window."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.types import Float

__all__ = ["Spectrogram", "spectrogram"]


class Spectrogram(NamedTuple):
    """Power over time and frequency.

    Attributes:
        frequencies_hz: ``(n,)`` from 0 to half the sampling rate.
        times_s: ``(t,)`` the middle of each window.
        power_per_hz: ``(b, t, n)`` one-sided density, in units of the series squared a hertz.
    """

    frequencies_hz: Float[Array, " n"]
    times_s: Float[Array, " t"]
    power_per_hz: Float[Array, "b t n"]


@partial(jax.jit, static_argnames=("window", "hop"))
def spectrogram(
    series: ArrayLike, *, sample_rate_hz: ArrayLike, window: int = 256, hop: int = 128
) -> Spectrogram:
    """Short-time Fourier power under a Hann window.

    Args:
        series: ``(b, samples)``.
        sample_rate_hz: samples a second.
        window: samples of a window.
        hop: samples from one window to the next.

    Raises:
        ShapeError: ``series`` has not two axes.
        ArgumentError: a window longer than the series, or a hop below 1.

    Source: equal to ``scipy.signal.spectrogram`` with ``window="hann"``, ``detrend=False`` and
        ``scaling="density"``, the reference; axes in another order.

    Example:
        >>> tone = jnp.sin(2 * jnp.pi * 50 * jnp.arange(1000) / 1000)[None]
        >>> found = spectrogram(tone, sample_rate_hz=1000, window=100, hop=50)
        >>> found.frequencies_hz[found.power_per_hz[0].mean(axis=0).argmax()].item()
        50.0
    """
    samples = jnp.asarray(series, jnp.float32)
    if samples.ndim != 2:
        raise ShapeError("series", required="(batch, samples)", got=samples.shape)
    if not 2 <= window <= samples.shape[1]:
        required = f"from 2 to the {samples.shape[1]} samples there are"
        raise ArgumentError("window", required=required, got=window)
    if hop < 1:
        raise ArgumentError("hop", required="at least 1", got=hop)
    starts = np.arange(0, samples.shape[1] - window + 1, hop)
    frames = samples[:, starts[:, None] + np.arange(window)]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    power = jnp.abs(jnp.fft.rfft(frames * hann, axis=-1)) ** 2 / (sample_rate_hz * (hann**2).sum())
    # One side stands for both, but for 0 Hz and, where there is one, half the sampling rate.
    sides = np.full(window // 2 + 1, 2.0)
    sides[0] = 1.0
    if window % 2 == 0:
        sides[-1] = 1.0
    return Spectrogram(
        jnp.arange(window // 2 + 1) * (sample_rate_hz / window),
        jnp.asarray(starts + window / 2) / sample_rate_hz,
        power * sides,
    )
