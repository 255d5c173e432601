"""Convolution of images, with every choice a caller has; how it is computed is chosen apart."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.kernels._checks import floating, known_method, same_length
from labkit.kernels.conv_auto import conv_auto
from labkit.kernels.conv_methods import CONV_METHODS
from labkit.kernels.geometry import Padding, Pair, Window, resolve_window
from labkit.kernels.rows import add_row

__all__ = ["conv2d", "depthwise_conv2d"]


def conv2d(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = "VALID",
    dilation: Pair = 1,
    groups: int = 1,
    method: str = "auto",
) -> Array:
    """Slide a kernel over images and sum what it covers (what deep learning calls convolution).

    ``y[b, p, r, o] = bias[o] + sum over i, j, c of
    x[b, p * stride + i * dilation, r * stride + j * dilation, c] * kernel[i, j, c, o]``

    With ``groups = g`` the input and output channels are cut into g equal runs and run n of the
    output sees only run n of the input.

    FLOPs: ``2 * b * rows * columns * o * kernel_h * kernel_w * c / groups``. Bytes at least: each
    of x, kernel and y once.

    Args:
        x: images (b h w c).
        kernel: weights (kernel_h kernel_w c/groups o).
        bias: one number per output channel (o), or none.
        stride: steps between neighbouring outputs.
        padding: ``"VALID"``, ``"SAME"``, one number, or ((top, bottom), (left, right)) zeros.
        dilation: steps between neighbouring taps of the kernel.
        groups: independent runs of channels; c gives a depthwise convolution.
        method: ``"auto"`` (by platform, shape and what was measured) or a name in
            `CONV_METHODS`.

    Returns:
        Images (b rows columns o) of the type of ``x``.

    Raises:
        ShapeError: axes that do not fit each other, or a kernel larger than the padded image.
        ArgumentError: a stride, dilation, padding, group count or method that does not exist.

    Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning"
        (arXiv:1603.07285), section 2.

    Example:
        >>> import jax.numpy as jnp
        >>> conv2d(jnp.ones((1, 4, 4, 1)), jnp.ones((3, 3, 1, 1)))[0, :, :, 0].tolist()
        [[9.0, 9.0], [9.0, 9.0]]
    """
    known_method(method, CONV_METHODS)
    x, kernel, window = prepared(
        x, kernel, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    formulation = conv_auto if method == "auto" else CONV_METHODS[method]
    y = formulation(x, kernel, window, groups)
    if bias is None:
        return y
    bias = jnp.asarray(bias)
    if bias.shape != y.shape[3:]:
        raise ShapeError("bias", required=f"of shape {y.shape[3:]}", got=bias.shape)
    return add_row(y, bias.astype(y.dtype))


def depthwise_conv2d(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = "VALID",
    dilation: Pair = 1,
    method: str = "auto",
) -> Array:
    """Convolve every channel with its own kernel.

    ``y[b, p, r, c * m + n] = bias + sum over i, j of
    x[b, p * stride + i * dilation, r * stride + j * dilation, c] * kernel[i, j, c, n]``

    FLOPs: ``2 * b * rows * columns * c * m * kernel_h * kernel_w``: so few per byte that it is
    bound by memory.

    Args:
        x: images (b h w c).
        kernel: weights (kernel_h kernel_w c m); m outputs for each channel, most often 1.
        bias: one number per output channel (c*m), or none.
        stride: steps between neighbouring outputs.
        padding: as in `conv2d`.
        dilation: steps between neighbouring taps of the kernel.
        method: as in `conv2d`.

    Returns:
        Images (b rows columns c*m) of the type of ``x``.

    Raises:
        ShapeError: the kernel's channels are not those of ``x``.

    Source: A. Howard et al., "MobileNets" (arXiv:1704.04861), section 3.1.

    Example:
        >>> import jax.numpy as jnp
        >>> depthwise_conv2d(jnp.ones((1, 3, 3, 2)), jnp.ones((3, 3, 2, 1))).tolist()
        [[[[9.0, 9.0]]]]
    """
    x = floating("x", x, "b h w c")
    kernel = floating("kernel", kernel, "kernel_h kernel_w c m")
    channels = x.shape[3]
    same_length("channels of kernel", kernel.shape[2], "channels of x", channels)
    grouped = kernel.reshape(*kernel.shape[:2], 1, -1)
    return conv2d(
        x,
        grouped,
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=channels,
        method=method,
    )


def prepared(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: Pair = 1,
    padding: Padding = "VALID",
    dilation: Pair = 1,
    groups: int = 1,
) -> tuple[Array, Array, Window]:
    """Image and kernel as arrays that fit each other, and the window as it lies on the image."""
    x = floating("x", x, "b h w c")
    kernel = floating("kernel", kernel, "kernel_h kernel_w c/groups o").astype(x.dtype)
    _check_groups(x.shape[3], kernel.shape, groups)
    size, image = (kernel.shape[0], kernel.shape[1]), (x.shape[1], x.shape[2])
    window = resolve_window(size, image, stride=stride, padding=padding, dilation=dilation)
    return x, kernel, window


def _check_groups(channels: int, kernel: tuple[int, ...], groups: int) -> None:
    if groups < 1 or channels % groups or kernel[3] % groups:
        raise ArgumentError(
            "groups",
            required=f"a divisor of {channels} input and {kernel[3]} output channels",
            got=groups,
        )
    same_length("channels of kernel", kernel[2], "channels of x / groups", channels // groups)
