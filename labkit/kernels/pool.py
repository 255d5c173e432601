"""Maximum and average over windows of an image, with gradients that cost what they should."""

from __future__ import annotations

from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.kernels._checks import floating, known_method
from labkit.kernels.conv_methods import tap_slices
from labkit.kernels.geometry import Padding, Pair, Window, resolve_window

__all__ = ["POOL_METHODS", "avg_pool2d", "max_pool2d"]


def max_pool2d(
    x: ArrayLike,
    window: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Padding = "VALID",
    method: str = "auto",
) -> Array:
    """Take the largest value of each window and channel.

    ``y[b, p, r, c] = max over i, j of x[b, p * stride + i, r * stride + j, c]``; the gradient of
    y goes to the first position (row by row) that holds the maximum. Padding never wins.

    FLOPs: ``window_h * window_w - 1`` comparisons per output. Bytes at least: x and y once.

    Args:
        x: images (b h w c).
        window: rows and columns of the window.
        stride: steps between windows; the window's own size if not given, so that none overlap.
        padding: as in `conv2d`; padded places count as minus infinity.
        method: ``"auto"``, or a name in `POOL_METHODS`: ``"slices"`` (maximum of strided slices,
            gradient by the winners' numbers) or ``"xla"`` (the compiler's ``reduce_window``, whose
            gradient is a select-and-scatter, on a CPU a hundred times slower).

    Returns:
        Images (b rows columns c) of the type of ``x``.

    Raises:
        ShapeError: x is no batch of images, or the window is larger than the padded image.
        ArgumentError: an impossible window, stride, padding or method.

    Example:
        >>> import jax.numpy as jnp
        >>> max_pool2d(jnp.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """
    known_method(method, POOL_METHODS)
    x = floating("x", x, "b h w c")
    shape = (x.shape[1], x.shape[2])
    where = resolve_window(
        window, shape, stride=window if stride is None else stride, padding=padding
    )
    if method == "auto":
        return lax.platform_dependent(
            x, cpu=partial(_max_slices, window=where), default=partial(max_xla, window=where)
        )
    return POOL_METHODS[method](x, window=where)


def avg_pool2d(
    x: ArrayLike,
    window: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Padding = "VALID",
) -> Array:
    """Take the mean of each window and channel, over the places that lie on the image.

    ``y[b, p, r, c] = mean over i, j of x[b, p * stride + i, r * stride + j, c]``; a window that
    reaches into the padding is divided by the number of real pixels it covers.

    FLOPs: ``window_h * window_w`` per output. Bytes at least: x and y once.

    Args:
        x: images (b h w c).
        window: rows and columns of the window.
        stride: steps between windows; the window's own size if not given.
        padding: as in `conv2d`; padded places are left out of the mean.

    Returns:
        Images (b rows columns c) of the type of ``x``.

    Raises:
        ShapeError: x is no batch of images, or the window is larger than the padded image.
        ArgumentError: an impossible window, stride or padding.

    Example:
        >>> import jax.numpy as jnp
        >>> avg_pool2d(jnp.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0].tolist()
        [[2.5, 4.5], [10.5, 12.5]]
    """
    x = floating("x", x, "b h w c")
    shape = (x.shape[1], x.shape[2])
    where = resolve_window(
        window, shape, stride=window if stride is None else stride, padding=padding
    )
    total = reduce(jnp.add, tap_slices(x.astype(jnp.float32), where))
    covered = reduce(jnp.add, tap_slices(jnp.ones((1, *shape, 1), jnp.float32), where))
    return (total / covered).astype(x.dtype)


def max_xla(x: Array, *, window: Window) -> Array:
    """The compiler's own instruction, on (b h w c)."""
    lowest = np.array(-np.inf, x.dtype)  # a constant: only then is the reduction known as max
    pads = ((0, 0), *window.pads, (0, 0))
    return lax.reduce_window(x, lowest, lax.max, (1, *window.size, 1), (1, *window.stride, 1), pads)


def _max_slices(x: Array, *, window: Window) -> Array:
    """The maximum of strided slices of (b h w c)."""
    return max_of_slices(x, window, 1)


def max_of_slices(x: Array, window: Window, axis: int) -> Array:
    """The maximum of each window of an image whose rows and columns are ``axis`` and the next."""
    return _largest(x, window, axis, (x.shape[axis], x.shape[axis + 1]))


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _largest(x: Array, window: Window, axis: int, image: tuple[int, int]) -> Array:  # noqa: ARG001
    return reduce(jnp.maximum, _slices(x, window, axis))


def _forward(
    x: Array,
    window: Window,
    axis: int,
    image: tuple[int, int],  # noqa: ARG001
) -> tuple[Array, Array]:
    """The maxima, and the number of the slice that each came from: the first, if several have it.

    The gradient goes by these numbers. To look for the maximum among the pixels again would fail
    where the compiler computes them anew and rounds differently: no pixel would equal it.
    """
    first, *others = _slices(x, window, axis)
    largest, winner = first, jnp.zeros(first.shape, jnp.uint8)
    if len(others) >= 256:  # more than a byte tells apart
        winner = winner.astype(jnp.int32)
    for number, part in enumerate(others, 1):
        winner = jnp.where(part > largest, jnp.asarray(number, winner.dtype), winner)
        largest = jnp.maximum(largest, part)
    return largest, winner


def _backward(
    window: Window, axis: int, image: tuple[int, int], winner: Array, gradient: Array
) -> tuple[Array]:
    """Hand each gradient to the slice that the maximum came from, then put the slices back."""
    shares = [jnp.where(winner == number, gradient, 0) for number in range(len(window.taps))]
    together = _tile if window.size == window.stride else _overlay
    return (together(shares, window, axis, image),)


_largest.defvjp(_forward, _backward)


def _slices(x: Array, window: Window, axis: int) -> list[Array]:
    """For each place in the window, the pixels that stand there."""
    counts = window.outputs(x.shape[axis], x.shape[axis + 1])
    if window.padded:
        lowest = jnp.asarray(-jnp.inf, x.dtype)
        x = lax.pad(x, lowest, _around(x.ndim, axis, [(*ends, 0) for ends in window.pads]))
    steps = list(zip(counts, window.stride, strict=True))

    def taken(tap: tuple[int, int]) -> Array:
        ends = zip(tap, steps, strict=True)
        places = [slice(i, i + (n - 1) * step + 1, step) for i, (n, step) in ends]
        return x[(*(slice(None),) * axis, *places)]

    return [taken(tap) for tap in window.taps]


def _tile(shares: list[Array], window: Window, axis: int, image: tuple[int, int]) -> Array:
    """Put shares of windows that do not overlap side by side."""
    (kernel_h, kernel_w), shape = window.size, shares[0].shape
    rows, columns = shape[axis : axis + 2]
    lines = [jnp.stack(shares[n : n + kernel_w], axis + 2) for n in range(0, len(shares), kernel_w)]
    size = (*shape[:axis], rows * kernel_h, columns * kernel_w, *shape[axis + 2 :])
    whole = jnp.stack(lines, axis + 1).reshape(size)
    ends = [
        (-low, length + low - taken, 0)
        for length, (low, _), taken in zip(
            image, window.pads, (rows * kernel_h, columns * kernel_w), strict=True
        )
    ]
    return lax.pad(whole, jnp.zeros((), whole.dtype), _around(whole.ndim, axis, ends))


def _overlay(shares: list[Array], window: Window, axis: int, image: tuple[int, int]) -> Array:
    """Add every share at the pixels its slice came from."""
    counts = shares[0].shape[axis : axis + 2]
    zero = jnp.zeros((), shares[0].dtype)
    placed = []
    for share, tap in zip(shares, window.taps, strict=True):
        ends = [
            (i - low, length + low - i - (n - 1) * step - 1, step - 1)
            for i, length, (low, _), n, step in zip(
                tap, image, window.pads, counts, window.stride, strict=True
            )
        ]
        placed.append(lax.pad(share, zero, _around(share.ndim, axis, ends)))
    return reduce(jnp.add, placed)


def _around(ndim: int, axis: int, ends: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The padding of all axes, where only rows and columns have any."""
    return [(0, 0, 0)] * axis + ends + [(0, 0, 0)] * (ndim - axis - 2)


#: Formulations of `max_pool2d` by name.
POOL_METHODS = {"slices": _max_slices, "xla": max_xla}
