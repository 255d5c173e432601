"""Attention that never holds more than one block of scores."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from labkit.kernels._checks import widened
from labkit.kernels.softmax import finite_max

__all__ = ["blockwise"]

_BLOCK = 256
_Kept: TypeAlias = tuple[Array, Array, Array, Array | None, Array, Array]


def blockwise(query: Array, key: Array, value: Array, mask: Array | None, *, causal: bool) -> Array:
    """Go through the keys block by block, keeping a running maximum, sum and weighted mean.

    The gradient computes each block of scores again from the one number per query (the logarithm
    of its sum of exponentials) that the forward pass kept.
    """
    return _attend(query, key, value, mask, causal)


@partial(jax.custom_vjp, nondiff_argnums=(4,))
def _attend(query: Array, key: Array, value: Array, mask: Array | None, causal: bool) -> Array:
    return _forward(query, key, value, mask, causal)[0]


def _forward(
    query: Array, key: Array, value: Array, mask: Array | None, causal: bool
) -> tuple[Array, _Kept]:
    b, t, e, d = query.shape
    scaled = _heads_first(query) / d**0.5
    nothing = jnp.zeros((b, e, t), scaled.dtype)
    start = (nothing + jnp.finfo(scaled.dtype).min, nothing, jnp.zeros_like(scaled))

    def absorb(state: tuple[Array, Array, Array], block: tuple[Any, ...]) -> tuple[Any, None]:
        largest, total, mean = state
        keys, values = block[1:3]
        scores = jnp.where(_allowed(t, key.shape[1], causal, block), scaled @ keys.mT, -jnp.inf)
        grown = jnp.maximum(largest, finite_max(scores)[..., 0])
        powers = jnp.exp(scores - grown[..., None])
        shrink = jnp.exp(largest - grown)
        mean = mean * shrink[..., None] + powers @ values
        return (grown, total * shrink + powers.sum(axis=-1), mean), None

    blocks = _numbered(key, value, mask)
    (largest, total, mean), _ = lax.scan(absorb, start, blocks)
    safe = jnp.where(total == 0, 1, total)
    y = (mean / safe[..., None]).transpose(0, 2, 1, 3).astype(query.dtype)
    return y, (query, key, value, mask, y, largest + jnp.log(safe))


def _backward(causal: bool, kept: _Kept, gradient: Array) -> tuple[Array, Array, Array, Any]:
    query, key, value, mask, y, log_total = kept
    scale = 1.0 / query.shape[3] ** 0.5
    queries, g = _heads_first(query), _heads_first(gradient)
    along = (g * _heads_first(y)).sum(axis=-1, keepdims=True)

    def redo(total: Array, block: tuple[Any, ...]) -> tuple[Array, tuple[Array, Array]]:
        keys, values = block[1:3]
        allowed = _allowed(query.shape[1], key.shape[1], causal, block)
        scores = jnp.where(allowed, (queries * scale) @ keys.mT, -jnp.inf)
        shares = jnp.exp(scores - log_total[..., None])
        pull = shares * (g @ values.mT - along) * scale
        return total + pull @ keys, (pull.mT @ queries, shares.mT @ g)

    start = jnp.zeros(queries.shape, queries.dtype)
    blocks = _numbered(key, value, mask)
    for_query, (for_key, for_value) = lax.scan(redo, start, blocks)
    no_gradient = None if mask is None else np.zeros(mask.shape, jax.dtypes.float0)
    return (
        for_query.transpose(0, 2, 1, 3).astype(query.dtype),
        _unblock(for_key, key),
        _unblock(for_value, value),
        no_gradient,
    )


_attend.defvjp(_forward, _backward)


def _heads_first(x: Array) -> Array:
    """(b t e d) -> (b e t d), in at least float32."""
    return widened(x).transpose(0, 2, 1, 3)


def _blocks(x: Array) -> Array:
    """(b s e d) -> (blocks b e block d), filled up with zeros."""
    short = -x.shape[1] % _BLOCK
    full = jnp.pad(_heads_first(x), ((0, 0), (0, 0), (0, short), (0, 0)))
    b, e, s, d = full.shape
    return full.reshape(b, e, s // _BLOCK, _BLOCK, d).transpose(2, 0, 1, 3, 4)


def _unblock(blocks: Array, like: Array) -> Array:
    """(blocks b e block d) -> (b s e d) without what was filled up."""
    n, b, e, block, d = blocks.shape
    x = blocks.transpose(1, 0, 3, 2, 4).reshape(b, n * block, e, d)
    return x[:, : like.shape[1]].astype(like.dtype)


def _numbered(key: Array, value: Array, mask: Array | None) -> tuple[Any, ...]:
    """What the scan goes through: number, keys, values and mask (or None) of each block."""
    keys = _blocks(key)
    if mask is not None:
        mask = jnp.pad(mask, ((0, 0), (0, 0), (0, 0), (0, -key.shape[1] % _BLOCK)))
        mask = jnp.moveaxis(mask.reshape(*mask.shape[:-1], -1, _BLOCK), -2, 0)
    return jnp.arange(keys.shape[0]), keys, _blocks(value), mask


def _allowed(t: int, s: int, causal: bool, block: tuple[Any, ...]) -> Array:
    """Whether each of t queries may look at each key of one block: (b e t block), 1 if shared."""
    number, _, _, mask = block
    places = number * _BLOCK + jnp.arange(_BLOCK)
    last = jnp.arange(t)[:, None] + (s - t) if causal else s - 1
    allowed = (places < s) & (places <= last)
    return allowed if mask is None else allowed & mask
