"""Another sampling rate: a windowed-sinc filter as one strided convolution, and a regular grid."""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import ArrayLike as NumPyArrayLike
from numpy.typing import NDArray

from labkit.errors import ArgumentError, ShapeError
from labkit.types import Float

__all__ = ["lowpass", "resample", "to_grid"]


def lowpass(up: int, down: int) -> NDArray[np.float64]:
    """The filter that keeps what both rates can carry: a Kaiser-windowed sinc, sum ``up``.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, sections
        4.6 (changing the rate) and 7.6 (the Kaiser window); 10 zero crossings on each side
        and beta 5.0, as in ``scipy.signal.resample_poly``.
    """
    widest = max(up, down)
    half = 10 * widest
    taps = np.sinc(np.arange(-half, half + 1) / widest) * np.kaiser(2 * half + 1, 5.0)
    return taps / taps.sum() * up


@partial(jax.jit, static_argnames=("up", "down"))
def resample(series: ArrayLike, *, up: int, down: int) -> Float[Array, "b t"]:
    """Series sampled ``up / down`` times as often, without aliasing.

    Args:
        series: ``(b, t)``.
        up: factor up, a whole number.
        down: factor down, a whole number.

    Returns:
        ``(b, ceil(t * up / down))``; zeros are assumed outside.

    Raises:
        ShapeError: ``series`` has not two axes.
        ArgumentError: a factor below 1.

    Source: equal to ``scipy.signal.resample_poly(series, up, down, axis=1)``, the reference.

    Example:
        >>> resample(jnp.ones((1, 100)), up=1, down=4).shape
        (1, 25)
    """
    samples = jnp.asarray(series, jnp.float32)
    if samples.ndim != 2:
        raise ShapeError("series", required="(batch, time)", got=samples.shape)
    if min(up, down) < 1:
        raise ArgumentError("up, down", required="at least 1", got=(up, down))
    common = math.gcd(up, down)
    up, down = up // common, down // common
    taps = lowpass(up, down)
    resampled = jax.lax.conv_general_dilated(
        samples[:, None, :],
        jnp.asarray(taps, jnp.float32)[None, None, :],
        window_strides=(down,),
        padding=[(len(taps) // 2, len(taps) // 2 + up - 1)],
        lhs_dilation=(up,),
        precision="highest",
    )
    return resampled[:, 0, : math.ceil(samples.shape[1] * up / down)]


def to_grid(
    times: NumPyArrayLike, values: NumPyArrayLike, *, step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Readings at odd times put on a regular grid, by straight lines between them.

    Args:
        times: ``[n]`` increasing.
        values: ``[n]``.
        step: of the grid, in the unit of ``times``; the grid starts at the first reading.

    Raises:
        ArgumentError: times that do not increase, or a step that is not above 0.

    Example:
        >>> to_grid([0.0, 4.0], [0.0, 8.0], step=2.0)
        (array([0., 2., 4.]), array([0., 4., 8.]))
    """
    moments = np.asarray(times, float)
    if step <= 0:
        raise ArgumentError("step", required="above 0", got=step)
    if (np.diff(moments) <= 0).any():
        where = int(np.argmax(np.diff(moments) <= 0)) + 1
        required = "increasing; sort them and drop repeats"
        raise ArgumentError("times", required=required, got=f"not so at reading {where}")
    grid = moments[0] + step * np.arange(int((moments[-1] - moments[0]) / step + 1e-9) + 1)
    return grid, np.interp(grid, moments, np.asarray(values, float))
