"""Convolution of few channels as one product with a banded matrix, several outputs at a time.

With 3 channels a pixel has 27 inputs under a 3 x 3 kernel: too thin a product, whose left matrix
repeats every pixel nine times. Here n neighbouring outputs of a row share one line: the run of
columns that any of them sees, once for each row of the kernel. The right matrix holds the kernel n
times, each time shifted by one stride, and zeros elsewhere:

    | k0  0  |
    | k1  k0 |      n = 2, three taps, stride 1, one channel and one row of the kernel
    | k2  k1 |
    |  0  k2 |

For n = 3 the left matrix is 5/9 as large and the product's FLOPs are 5/3 as many: worth it as long
as bytes and thin edges, not FLOPs, take the time. Neither matrix is turned round, since runs of
columns with their channels, and runs of outputs with theirs, lie side by side in NHWC as it is.

Source: the left matrix is the lowering along one axis of M. Cho and D. Brand, "MEC:
    Memory-efficient Convolution for Deep Neural Network", ICML 2017, cut into blocks.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from labkit.kernels.geometry import Window

__all__ = ["conv_banded"]

#: About as many columns of the product as keep the registers of a CPU busy.
_WIDE = 96


def conv_banded(x: Array, kernel: Array, window: Window) -> Array:
    """Convolve images (b h w c) with a kernel (i j c o) of one group."""
    rows, columns = window.outputs(*x.shape[1:3])
    b, o = x.shape[0], kernel.shape[3]
    if 0 in (b, rows, columns):
        return jnp.zeros((b, rows, columns, o), x.dtype)
    share = _share(columns, o)
    lines = _lines(_padded(x, window), window, rows, columns // share, share)
    y = lines.reshape(-1, lines.shape[-1]) @ _band(kernel, window, share)
    return y.reshape(b, rows, columns, o)


def _share(columns: int, outputs: int) -> int:
    """Outputs to a line: the largest divisor that keeps the product no wider than `_WIDE`."""
    most = max(_WIDE // outputs, 1)
    return max(n for n in range(1, min(most, columns) + 1) if columns % n == 0)


def _padded(x: Array, window: Window) -> Array:
    if not window.padded:
        return x
    (top, bottom), (left, right) = window.pads
    margins = [(0, 0, 0), (top, bottom, 0), (left, right, 0), (0, 0, 0)]
    return lax.pad(x, jnp.zeros((), x.dtype), margins)


def _run(window: Window, share: int) -> int:
    """Columns that a line's outputs see together."""
    return (share - 1) * window.stride[1] + (window.size[1] - 1) * window.dilation[1] + 1


def _lines(x: Array, window: Window, rows: int, blocks: int, share: int) -> Array:
    """What each line sees (b rows blocks i*run*c): runs of columns, then rows of the kernel."""
    b, h, w, c = x.shape
    flat, step, run = x.reshape(b, h, w * c), share * window.stride[1] * c, _run(window, share) * c
    runs = jnp.stack([flat[:, :, k * step : k * step + run] for k in range(blocks)], axis=2)
    down, gap = window.stride[0], window.dilation[0]
    below = (i * gap for i in range(window.size[0]))
    return jnp.concatenate([runs[:, i : i + (rows - 1) * down + 1 : down] for i in below], axis=-1)


def _band(kernel: Array, window: Window, share: int) -> Array:
    """The kernel once for each output of a line, shifted by the stride (i*run*c share*o)."""
    step, gap = window.stride[1], window.dilation[1]
    left = (p * step for p in range(share))
    run, reach = _run(window, share), (window.size[1] - 1) * gap + 1
    zero = jnp.zeros((), kernel.dtype)
    none = (0, 0, 0)
    shifted = [
        lax.pad(kernel, zero, [none, (low, run - reach - low, gap - 1), none, none]) for low in left
    ]
    return jnp.stack(shifted, axis=3).reshape(-1, share * kernel.shape[3])
