"""One clear sentence when an input does not fit the model it is given to."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ShapeError

__all__ = ["batch_of"]


def batch_of(expected: tuple[int, ...], inputs: ArrayLike) -> Array:
    """The inputs, which must be a batch of examples of shape ``expected``.

    Raises:
        ShapeError: names both shapes, and the missing axis where one is missing.
    """
    x = jnp.asarray(inputs)
    if x.shape[1:] == expected:
        return x
    fix = f"Every example must have shape {expected}; yours has {tuple(x.shape[1:])}."
    if tuple(x.shape) == expected:
        fix = "This is a single example: give a batch, x[None]."
    elif (*x.shape[1:], 1) == expected:
        fix = "The channel axis is missing: give x[..., None]."
    elif x.ndim == 4 and len(expected) == 3 and (*x.shape[2:], x.shape[1]) == expected:
        fix = "Channels come last in labkit: give x.transpose(0, 2, 3, 1)."
    got = f"shape {tuple(x.shape)}"
    raise ShapeError(
        "inputs", required=f"a batch of shape (b, {str(expected)[1:]}", got=got, fix=fix
    )
