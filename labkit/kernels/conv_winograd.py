"""Convolution with kernels three wide by Winograd's minimal filtering, F(4, 3) along each row.

Four neighbouring outputs of a row need 12 multiplications of pixels by weights. With the constant
matrices below they are ``y = A' [(G w) * (B' d)]``, where d are the six pixels that they depend
on: 6 multiplications. The sums over channels and over the rows of the kernel turn into six matrix
products, one for each place in d, of half the FLOPs of the plain sum; the transforms only add and
scale. The constants reach 8, so rounding errors grow to some ten times those of the plain sum.

Filtering along columns as well would halve the products again, but they get so small, and the
transforms so many (36 places), that on a CPU the time saved is lost again.

Images lie in memory as (h w b c) here: a pixel of the whole batch is one run, which makes slicing,
transforming and joining plain streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

import jax
import jax.numpy as jnp
from jax import Array, lax

from labkit.kernels._checks import widened
from labkit.kernels.geometry import Window

__all__ = ["conv_winograd", "winograd_takes"]

_TILE, _PLACES = 4, 6
_Matrix = Sequence[Sequence[float]]

# A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks" (arXiv:1509.09308),
# section 4.3: interpolation at the points 0, 1, -1, 2, -2 and infinity.
_B: _Matrix = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_G: _Matrix = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_A: _Matrix = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)


def winograd_takes(window: Window, groups: int) -> bool:
    """Whether a convolution has the form that the constants are made for."""
    return (
        window.size[1] == 3
        and window.stride == (1, 1)
        and window.dilation == (1, 1)
        and groups == 1
    )


def conv_winograd(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    """Filter along rows with half the multiplications; other kernels go to the compiler."""
    if not winograd_takes(window, groups):
        return lax.conv_general_dilated(
            x,
            kernel,
            window.stride,
            window.pads,
            rhs_dilation=window.dilation,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups,
        )
    wide = _convolve(widened(x).transpose(1, 2, 0, 3), widened(kernel), window)
    return wide.astype(x.dtype).transpose(2, 0, 1, 3)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _convolve(x: Array, kernel: Array, window: Window) -> Array:
    return _forward(x, kernel, window)[0]


def _forward(x: Array, kernel: Array, window: Window) -> tuple[Array, tuple[Array, ...]]:
    columns = window.outputs(*x.shape[:2])[1]
    places, weights = _split(x, window), _weights(kernel)
    products = [place @ weight for place, weight in zip(places, weights, strict=True)]
    y = _interleave(_transform(_A, products))
    return y[:, :columns], (kernel, *places)


def _backward(window: Window, kept: tuple[Array, ...], gradient: Array) -> tuple[Array, Array]:
    kernel, *places = kept
    pulls = _transform(_turned(_A), _deal(gradient, places[0].shape[1]))
    flat = [pull.reshape(-1, pull.shape[-1]) for pull in pulls]
    for_weights = [
        lax.dot_general(place.reshape(-1, place.shape[-1]), pull, (((0,), (0,)), ((), ())))
        for place, pull in zip(places, flat, strict=True)
    ]
    taps = _transform(_turned(_G), for_weights)
    for_kernel = jnp.stack(
        [tap.reshape(kernel.shape[0], *kernel.shape[2:]) for tap in taps], axis=1
    )
    pixels = [pull @ weight.T for pull, weight in zip(pulls, _weights(kernel), strict=True)]
    outputs = gradient.shape[:2]
    return _put_back(_transform(_turned(_B), pixels), outputs, kernel.shape, window), for_kernel


_convolve.defvjp(_forward, _backward)


def _transform(matrix: _Matrix, parts: Sequence[Array]) -> list[Array]:
    """``matrix @ parts`` where every part is an array: only additions and scalings."""
    return [
        reduce(jnp.add, [p if m == 1 else m * p for m, p in zip(row, parts, strict=True) if m])
        for row in matrix
    ]


def _turned(matrix: _Matrix) -> _Matrix:
    return tuple(zip(*matrix, strict=True))


def _weights(kernel: Array) -> list[Array]:
    """``G w`` for each row of the kernel: six matrices (rows*c o)."""
    columns = [kernel[:, j] for j in range(3)]
    return [part.reshape(-1, kernel.shape[3]) for part in _transform(_G, columns)]


def _split(x: Array, window: Window) -> list[Array]:
    """``B' d`` for every tile: six arrays (rows tiles b kernel_rows*c)."""
    rows, columns = window.outputs(*x.shape[:2])
    tiles = -(-columns // _TILE)
    (top, bottom), (left, _) = window.pads
    wide = _TILE * tiles + 2
    zero = jnp.zeros((), x.dtype)
    margins = [(top, bottom, 0), (left, wide - x.shape[1] - left, 0), (0, 0, 0), (0, 0, 0)]
    full = lax.pad(x, zero, margins)
    above = jnp.concatenate([full[i : i + rows] for i in range(window.size[0])], axis=-1)
    above = lax.optimization_barrier(above)
    last = _TILE * (tiles - 1) + 1
    return _transform(_B, [above[:, j : j + last : _TILE] for j in range(_PLACES)])


def _interleave(parts: list[Array]) -> Array:
    """Four arrays (rows tiles b o), one for each place in a tile -> (rows columns b o)."""
    rows, tiles, b, o = parts[0].shape
    return jnp.stack(lax.optimization_barrier(parts), axis=2).reshape(rows, tiles * _TILE, b, o)


def _deal(image: Array, tiles: int) -> list[Array]:
    """The inverse of `_interleave`, with zeros where the last tile sticks out."""
    rows, columns, b, o = image.shape
    full = jnp.pad(image, ((0, 0), (0, tiles * _TILE - columns), (0, 0), (0, 0)))
    full = full.reshape(rows, tiles, _TILE, b, o)
    return [full[:, :, q] for q in range(_TILE)]


def _put_back(
    places: list[Array], outputs: tuple[int, ...], kernel: tuple[int, ...], window: Window
) -> Array:
    """Add every place of every tile to the pixel it came from: tiles overlap by two."""
    cells = [jnp.pad(place, [(0, 0), (0, 1), (0, 0), (0, 0)]) for place in places[:_TILE]]
    for q, place in enumerate(places[_TILE:]):
        cells[q] = cells[q] + jnp.pad(place, [(0, 0), (1, 0), (0, 0), (0, 0)])
    wide = lax.optimization_barrier(_interleave(cells))
    height, channels = kernel[0], kernel[2]
    zero = jnp.zeros((), wide.dtype)
    (top, bottom), (left, right) = window.pads
    across = outputs[1] + 2 - right - wide.shape[1]
    shares = [
        lax.pad(
            wide[..., i * channels : (i + 1) * channels],
            zero,
            [(i - top, height - 1 - i - bottom, 0), (-left, across, 0), (0, 0, 0), (0, 0, 0)],
        )
        for i in range(height)
    ]
    return reduce(jnp.add, shares)
