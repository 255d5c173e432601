"""Several ways to compute one convolution: pure functions of (x, kernel, window, groups).

Every one is differentiable by JAX as it stands; `conv_auto` combines the fastest parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeAlias

import jax.numpy as jnp
from jax import Array, lax

from labkit.kernels.conv_banded import conv_banded
from labkit.kernels.conv_winograd import conv_winograd
from labkit.kernels.geometry import Window

__all__ = ["CONV_METHODS", "ConvMethod"]

#: (x, kernel, window, groups) -> y.
ConvMethod: TypeAlias = Callable[[Array, Array, Window, int], Array]

_NHWC = ("NHWC", "HWIO", "NHWC")


def conv_xla(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    """Leave it to the compiler: its own convolution instruction."""
    return lax.conv_general_dilated(
        x,
        kernel,
        window.stride,
        window.pads,
        rhs_dilation=window.dilation,
        dimension_numbers=_NHWC,
        feature_group_count=groups,
    )


def conv_im2col(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    """Lay the covered pixels of each output side by side, then take one matrix product.

    The pixels of one tap and channel are one row of the left matrix, turned round: with the batch
    as the fastest axis these rows are copied in long runs even where channels are few.
    """
    if groups > 1:
        return _grouped_im2col(x, kernel, window, groups)
    rows, columns = window.outputs(*x.shape[1:3])
    b, o = x.shape[0], kernel.shape[3]
    planes = lax.optimization_barrier(x.transpose(3, 1, 2, 0))
    weights = kernel.reshape(-1, o)
    covered = jnp.concatenate(tap_slices(planes, window))
    covered = covered.reshape(weights.shape[0], rows * columns * b)
    y = lax.dot_general(covered, weights, (((0,), (0,)), ((), ())))
    return y.reshape(rows, columns, b, o).transpose(2, 0, 1, 3)


def _grouped_im2col(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    rows, columns = window.outputs(*x.shape[1:3])
    slices = tap_slices(x, window)
    covered = jnp.stack(slices, axis=3).reshape(
        -1, rows, columns, len(slices), groups, kernel.shape[2]
    )
    weights = kernel.reshape(len(slices), kernel.shape[2], groups, -1)
    y = jnp.einsum("bhwtgc,tcgo->bhwgo", covered, weights)
    return y.reshape(*y.shape[:3], -1)


def conv_runs(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    """Let neighbouring outputs share a line of pixels: see `labkit.kernels.conv_banded`."""
    return conv_banded(x, kernel, window) if groups == 1 else conv_taps(x, kernel, window, groups)


def conv_taps(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    """Add up one product per tap of the kernel: no patches are stored."""
    products = (
        _grouped_product(part, kernel[i, j], groups)
        for part, (i, j) in zip(tap_slices(x, window), window.taps, strict=True)
    )
    return reduce(jnp.add, products)


def tap_slices(x: Array, window: Window) -> list[Array]:
    """For each tap of the window, the pixels it meets; rows and columns are the middle axes."""
    counts = window.outputs(*x.shape[1:3])
    if window.padded:
        margins = [(0, 0, 0), *((low, high, 0) for low, high in window.pads), (0, 0, 0)]
        x = lax.pad(x, jnp.zeros((), x.dtype), margins)
    steps = list(zip(counts, window.stride, window.dilation, strict=True))
    return [
        x[
            :,
            *(
                slice(i * gap, i * gap + (n - 1) * step + 1, step)
                for i, (n, step, gap) in zip(tap, steps, strict=True)
            ),
        ]
        for tap in window.taps
    ]


def _grouped_product(x: Array, weights: Array, groups: int) -> Array:
    if groups == 1:
        return x @ weights
    if weights.shape[0] == 1:
        repeated = jnp.repeat(x, weights.shape[1] // groups, axis=-1)
        return repeated * weights[0]
    runs = x.reshape(*x.shape[:-1], groups, -1)
    y = jnp.einsum("...gc,cgo->...go", runs, weights.reshape(weights.shape[0], groups, -1))
    return y.reshape(*x.shape[:-1], -1)


#: Formulations of `labkit.kernels.conv2d` by name.
CONV_METHODS: Mapping[str, ConvMethod] = {
    "xla": conv_xla,
    "im2col": conv_im2col,
    "banded": conv_runs,
    "taps": conv_taps,
    "winograd": conv_winograd,
}
