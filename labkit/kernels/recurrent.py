"""What the recurrent layers share.

What does not depend on the last state (the input's part of every gate) is one matrix product
before the scan. The gradient scans backwards only over what must be sequential; the gradients of
all weights are one matrix product each, after it. JAX's own gradient of a scan adds to the weight
gradient at every step instead.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.kernels._checks import floating, same_length

__all__ = ["RECURRENT_METHODS"]

#: "fused": the written-out gradient; "autodiff": JAX's own gradient of the same scan.
RECURRENT_METHODS = ("fused", "autodiff")


def states_before(first: Array, states: Array) -> Array:
    """The state before each time: (t b d)."""
    return jnp.concatenate([first[None], states[:-1]]) if states.shape[0] else states


def checked(
    x: ArrayLike, input_kernel: ArrayLike, recurrent_kernel: ArrayLike, *, gates: int
) -> tuple[Array, Array, Array]:
    x = floating("x", x, "b t f")
    kernel = floating("input_kernel", input_kernel, "f gates*d").astype(x.dtype)
    recurrent = floating("recurrent_kernel", recurrent_kernel, "d gates*d").astype(x.dtype)
    same_length("features of x", x.shape[2], "rows of input_kernel", kernel.shape[0])
    wide = gates * recurrent.shape[0]
    same_length("columns of recurrent_kernel", recurrent.shape[1], f"{gates} gates", wide)
    same_length("columns of input_kernel", kernel.shape[1], f"{gates} gates", wide)
    return x, kernel, recurrent


def checked_bias(argument: str, bias: ArrayLike, length: int) -> Array:
    array = floating(argument, bias, "n")
    if array.shape != (length,):
        raise ShapeError(argument, required=f"of shape ({length},)", got=array.shape)
    return array
