"""What every kernel asks of its arguments, in one voice."""

from __future__ import annotations

from collections.abc import Iterable

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError


def floating(argument: str, value: ArrayLike, axes: str) -> Array:
    """The argument as a floating array whose axes are named; ``...`` stands for any number."""
    array = jnp.asarray(value)
    names = axes.split()
    anywhere = "..." in names
    needed = len(names) - anywhere
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise ShapeError(
            argument,
            required=f"floating numbers ({axes})",
            got=f"{array.dtype}{list(array.shape)}",
            fix="Scale and convert it first, for instance with x.astype('float32') / 255.",
        )
    if array.ndim < needed or (array.ndim > needed and not anywhere):
        raise ShapeError(argument, required=f"an array of axes ({axes})", got=array.shape)
    return array


def same_length(first: str, first_length: int, second: str, second_length: int) -> None:
    """Raise unless two axes that meet in a sum are equally long."""
    if first_length != second_length:
        raise ShapeError(first, required=f"as long as {second} ({second_length})", got=first_length)


def known_method(method: str, methods: Iterable[str]) -> None:
    """Raise unless the caller named a formulation that exists."""
    names = ["auto", *methods]
    if method not in names:
        raise ArgumentError("method", required="one of " + ", ".join(names), got=method)


def widened(x: Array) -> Array:
    """The same numbers in at least float32, in which sums are taken."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
