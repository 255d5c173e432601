"""A convolution with the bias, the activation and the pooling that follow it, as one kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import jax
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.kernels._checks import floating, known_method, same_length
from labkit.kernels.conv import prepared
from labkit.kernels.conv_auto import by_purpose, cpu_methods
from labkit.kernels.conv_canonical import TRAINING_METHODS
from labkit.kernels.conv_methods import CONV_METHODS, ConvMethod, conv_xla
from labkit.kernels.geometry import Padding, Window
from labkit.kernels.pool import max_of_slices, max_xla
from labkit.kernels.rows import add_row

__all__ = ["conv2d_block"]

#: Formulations that compute in NHWC itself; the others put the batch behind rows and columns.
_NATIVE = frozenset({"banded"})


def conv2d_block(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike,
    *,
    padding: Padding = "VALID",
    activation: Callable[[Array], Array] = jax.nn.relu,
    pool: int = 1,
    method: str = "auto",
) -> Array:
    """Convolve, take the maximum of each ``pool`` x ``pool`` window, add the bias, activate.

    The same numbers as ``max_pool2d(activation(conv2d(x, kernel, bias)), pool)`` for every
    activation that never decreases (ReLU, sigmoid, tanh, softplus), since those keep the order
    that a maximum asks for. It is faster for three reasons: bias and activation see only the
    ``1 / pool ** 2`` pixels that are left; outputs in rows and columns that no window covers are
    not computed at all; and the image stays in one memory order from one step to the next.

    FLOPs and bytes: those of `conv2d` on the outputs that are used.

    Args:
        x: images (b h w c).
        kernel: weights (kernel_h kernel_w c o).
        bias: one number per output channel (o).
        padding: as in `conv2d`.
        activation: applied last; it must never decrease where ``pool`` is more than 1.
        pool: rows and columns of the window; 1 for none.
        method: as in `conv2d`.

    Returns:
        Images (b rows columns o) of the type of ``x``.

    Raises:
        ShapeError: axes that do not fit each other, or a window larger than the image.
        ArgumentError: a pool below 1, or a padding or method that does not exist.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.arange(25.0).reshape(1, 5, 5, 1)
        >>> conv2d_block(x, jnp.ones((3, 3, 1, 1)), -jnp.ones(1) * 100, pool=2).ravel().tolist()
        [8.0]
    """
    if pool < 1:
        raise ArgumentError("pool", required="at least 1", got=pool)
    known_method(method, CONV_METHODS)
    x, kernel, window = prepared(x, kernel, padding=padding)
    bias = floating("bias", bias, "o").astype(x.dtype)
    same_length("bias", bias.shape[0], "output channels", kernel.shape[3])
    window = _cropped(window, x.shape[1:3], pool)
    if method != "auto":
        return _sliced(CONV_METHODS, method, window, pool, activation, x, kernel, bias)
    train, answer = cpu_methods(x, kernel, window, 1, within="block")
    to_train = partial(_sliced, TRAINING_METHODS, train, window, pool, activation)
    to_answer = partial(_sliced, CONV_METHODS, answer, window, pool, activation)
    default = partial(_plain, window, pool, activation)
    return by_purpose(to_train, to_answer, default, x, kernel, bias)


def _cropped(window: Window, image: tuple[int, ...], pool: int) -> Window:
    """The same window on the part of the image that full pooling windows look at."""
    spare = [size % pool for size in window.outputs(*image)]
    rows, columns = (
        (low, high - less) for (low, high), less in zip(window.pads, spare, strict=True)
    )
    cropped = replace(window, pads=(rows, columns))
    if 0 in cropped.outputs(*image):
        raise ShapeError("pool", required=f"no larger than {window.outputs(*image)}", got=pool)
    return cropped


def _sliced(
    methods: Mapping[str, ConvMethod],
    name: str,
    window: Window,
    pool: int,
    activation: Callable[[Array], Array],
    x: Array,
    kernel: Array,
    bias: Array,
) -> Array:
    """Pooled by slices, in the memory order of the formulation: (h w b c), or for one NHWC."""
    y = methods[name](x, kernel, window, 1)
    turned = name not in _NATIVE
    if turned:
        y = y.transpose(1, 2, 0, 3)
    if pool > 1:
        y = max_of_slices(y, Window((pool, pool), (pool, pool)), 0 if turned else 1)
    y = activation(add_row(y, bias))
    return y.transpose(2, 0, 1, 3) if turned else y


def _plain(
    window: Window,
    pool: int,
    activation: Callable[[Array], Array],
    x: Array,
    kernel: Array,
    bias: Array,
) -> Array:
    """The compiler's own convolution and pooling."""
    y = conv_xla(x, kernel, window, 1)
    if pool > 1:
        y = max_xla(y, window=Window((pool, pool), (pool, pool)))
    return activation(add_row(y, bias))
