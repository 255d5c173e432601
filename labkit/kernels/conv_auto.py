"""The convolution that `conv2d` takes when nobody chooses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from labkit.kernels.conv_canonical import TRAINING_METHODS
from labkit.kernels.conv_methods import CONV_METHODS, ConvMethod, conv_xla
from labkit.kernels.geometry import Window
from labkit.kernels.tuning import choose

__all__ = ["by_purpose", "conv_auto", "cpu_methods"]


def conv_auto(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    """On a CPU what measured fastest on the most similar shape, elsewhere the compiler's own."""
    train, answer = cpu_methods(x, kernel, window, groups)
    to_train = partial(_call, TRAINING_METHODS[train], window, groups)
    to_answer = partial(_call, CONV_METHODS[answer], window, groups)
    default = partial(_call, conv_xla, window, groups)
    return by_purpose(to_train, to_answer, default, x, kernel)


def by_purpose(
    to_train: Callable[..., Array],
    to_answer: Callable[..., Array],
    default: Callable[..., Array],
    *arrays: Array,
) -> Array:
    """One function, three programs: on a CPU with and without a gradient, and elsewhere.

    Which branch is compiled is decided when the program is differentiated or not, and lowered for
    one platform or another, so that one traced program serves all of them.
    """

    @jax.custom_vjp
    def call(*arrays: Array) -> Array:
        return lax.platform_dependent(*arrays, cpu=to_answer, default=default)

    def forward(*arrays: Array) -> tuple[Array, Any]:
        return jax.vjp(
            lambda *a: lax.platform_dependent(*a, cpu=to_train, default=default), *arrays
        )

    call.defvjp(forward, lambda pull, gradient: pull(gradient))
    return call(*arrays)


def _call(method: ConvMethod, window: Window, groups: int, x: Array, kernel: Array) -> Array:
    return method(x, kernel, window, groups)


def cpu_methods(
    x: Array, kernel: Array, window: Window, groups: int, *, within: str = "conv"
) -> tuple[str, str]:
    """The formulations for a CPU, from the measured table: to train with, to answer with.

    ``within`` is "conv" for a convolution alone, "block" for one inside `conv2d_block`, which
    spares the changes of memory order.
    """
    if x.dtype != jnp.float32 or 0 in x.shape:
        return "xla", "xla"
    rows, columns = window.outputs(*x.shape[1:3])
    plain = window.stride == (1, 1) and window.dilation == (1, 1)
    if groups > 1:
        return choose("depthwise" if groups == x.shape[3] else "grouped", channels=groups)
    return choose(
        f"{within}{window.size[0]}x{window.size[1]}" if plain else "conv_strided",
        pixels=x.shape[0] * rows * columns,
        channels=x.shape[3],
        outputs=kernel.shape[3],
    )
