"""Softmax and the logarithm of a sum of exponentials, without overflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.kernels._checks import floating, known_method, widened

__all__ = ["LOG_SUM_EXP_METHODS", "log_sum_exp", "softmax"]

_RUN = 128


def softmax(x: ArrayLike) -> Array:
    """Turn scores into shares: ``y_i = exp(x_i) / sum over j of exp(x_j)`` along the last axis.

    The largest score is taken off first, which changes nothing but keeps ``exp`` below 1. A line
    of nothing but minus infinity, as a mask can leave, has no shares to give: it becomes zeros.

    FLOPs: about 5 per element, one of them an exponential. Bytes at least: x and y once.

    Args:
        x: scores (... n).

    Returns:
        Shares (... n) of the type of ``x``; each line adds up to 1.

    Example:
        >>> softmax(jnp.log(jnp.array([1.0, 2.0, 1.0]))).tolist()
        [0.25, 0.5, 0.25]
    """
    x = floating("x", x, "... n")
    powers = _powers(x)
    total = powers.sum(axis=-1, keepdims=True)
    return (powers / jnp.where(total == 0, 1, total)).astype(x.dtype)


def log_sum_exp(x: ArrayLike, *, method: str = "auto") -> Array:
    """``log(sum over i of exp(x_i))`` along the last axis, without overflow.

    FLOPs: about 3 per element, one of them an exponential. Bytes at least: x once.

    Args:
        x: numbers (... n).
        method: ``"auto"``, or a name in `LOG_SUM_EXP_METHODS`: ``"two_pass"`` (the maximum, then
            the sum) or ``"online"`` (both in one pass, as blockwise attention needs it).

    Returns:
        (...) of the type of ``x``; minus infinity where every number is.

    Raises:
        ArgumentError: a method that does not exist.

    Source: for ``"online"``: M. Milakov and N. Gimelshein, "Online normalizer calculation for
        softmax" (arXiv:1805.02867), algorithm 3.

    Example:
        >>> f"{log_sum_exp(jnp.array([1000.0, 1000.0])):.3f}"
        '1000.693'
    """
    known_method(method, LOG_SUM_EXP_METHODS)
    x = floating("x", x, "... n")
    formulation = _two_pass if method == "auto" else LOG_SUM_EXP_METHODS[method]
    return formulation(widened(x)).astype(x.dtype)


def _powers(x: Array) -> Array:
    """``exp(x - largest)`` in at least float32, zeros where everything is minus infinity."""
    wide = widened(x)
    return jnp.exp(wide - finite_max(wide))


def finite_max(x: Array) -> Array:
    """The largest number of each line, kept as an axis, made finite; no gradient goes through."""
    largest = x.max(axis=-1, keepdims=True, initial=-jnp.inf)
    limits = jnp.finfo(x.dtype)
    return lax.stop_gradient(jnp.clip(largest, limits.min, limits.max))


def _log(total: Array) -> Array:
    """The logarithm, with a gradient of zero where nothing was added up."""
    return jnp.where(total == 0, -jnp.inf, jnp.log(jnp.where(total == 0, 1, total)))


def _two_pass(x: Array) -> Array:
    largest = finite_max(x)
    return _log(jnp.exp(x - largest).sum(axis=-1)) + largest[..., 0]


def _online(x: Array) -> Array:
    """Keep a running maximum and a sum scaled to it; rescale when the maximum grows."""
    short = -x.shape[-1] % _RUN
    padding = [(0, 0)] * (x.ndim - 1) + [(0, short)]
    runs = jnp.pad(x, padding, constant_values=-jnp.inf).reshape(*x.shape[:-1], -1, _RUN)

    def absorb(state: tuple[Array, Array], run: Array) -> tuple[tuple[Array, Array], None]:
        largest, total = state
        grown = jnp.maximum(largest, finite_max(run)[..., 0])
        total = total * jnp.exp(largest - grown) + jnp.exp(run - grown[..., None]).sum(axis=-1)
        return (grown, total), None

    start = (jnp.full(x.shape[:-1], jnp.finfo(x.dtype).min), jnp.zeros(x.shape[:-1], x.dtype))
    (largest, total), _ = lax.scan(absorb, start, jnp.moveaxis(runs, -2, 0))
    return _log(total) + largest


#: Formulations of `log_sum_exp` by name.
LOG_SUM_EXP_METHODS: Mapping[str, Callable[[Array], Array]] = {
    "two_pass": _two_pass,
    "online": _online,
}
