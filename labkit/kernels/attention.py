"""Attention: every query takes a weighted mean of the values, weighted by how its key fits."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.kernels._checks import floating, known_method, widened
from labkit.kernels.attention_blockwise import blockwise
from labkit.kernels.softmax import finite_max

__all__ = ["ATTENTION_METHODS", "KVCache", "attention", "cached_attention"]

#: Beyond so many scores for each head, "auto" keeps only a block of them at a time.
_MANY_SCORES = 1024 * 1024


def attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    *,
    causal: bool = False,
    mask: ArrayLike | None = None,
    method: str = "auto",
) -> Array:
    """Scaled dot-product attention with several heads.

    ``y[b, t, e] = sum over s of softmax over s (query[b, t, e] . key[b, s, e] / sqrt(d))
    * value[b, s, e]``. A query that may look at nothing gets zeros.

    FLOPs: ``4 * b * e * t * s * d`` (half of that is useful if causal). Bytes at least: query,
    key, value and y once; ``"plain"`` also writes and reads the ``b * e * t * s`` scores.

    Args:
        query: (b t e d).
        key: (b s e d).
        value: (b s e d).
        causal: the last query sees every key, each earlier one a key less.
        mask: true where a query may look at a key; broadcast to (b e t s).
        method: ``"auto"``, or a name in `ATTENTION_METHODS`: ``"plain"`` (all scores at once),
            ``"blockwise"`` (online softmax over blocks of keys: memory linear in length, the
            scores computed again for the gradient), ``"xla"`` (JAX's own function).

    Returns:
        (b t e d) of the type of ``query``.

    Raises:
        ShapeError: axes that do not fit each other.
        ArgumentError: a method that does not exist.

    Source: A. Vaswani et al., "Attention Is All You Need" (arXiv:1706.03762), equation 1. For
        ``"blockwise"``: M. N. Rabe and C. Staats (arXiv:2112.05682) and T. Dao et al.,
        "FlashAttention" (arXiv:2205.14135), algorithms 1 and 4.

    Example:
        >>> x = jnp.ones((1, 3, 2, 4))
        >>> attention(x, x, x, causal=True).shape
        (1, 3, 2, 4)
    """
    known_method(method, ATTENTION_METHODS)
    query = floating("query", query, "b t e d")
    key, value = floating("key", key, "b s e d"), floating("value", value, "b s e d")
    _check_heads(query, key, value)
    where = None if mask is None else _mask(mask, key.shape[1])
    if method != "auto":
        return ATTENTION_METHODS[method](query, key, value, where, causal=causal)
    if query.shape[1] * key.shape[1] > _MANY_SCORES:
        return blockwise(query, key, value, where, causal=causal)
    return lax.platform_dependent(
        query,
        key,
        value,
        where,
        cpu=partial(_plain, causal=causal),
        default=partial(_xla, causal=causal),
    )


class KVCache(NamedTuple):
    """Keys and values of the positions seen so far, in arrays that never change their shape."""

    keys: Array
    values: Array
    length: Array

    @classmethod
    def empty(
        cls, batch: int, length: int, heads: int, width: int, dtype: jnp.dtype | type = jnp.float32
    ) -> KVCache:
        """Room for ``length`` positions, none of them taken."""
        zeros = jnp.zeros((batch, length, heads, width), dtype)
        return cls(zeros, zeros, jnp.zeros((), jnp.int32))


def cached_attention(
    query: ArrayLike, key: ArrayLike, value: ArrayLike, cache: KVCache
) -> tuple[Array, KVCache]:
    """Attend causally to everything in the cache and to the new positions, which join it.

    Position by position this gives what `attention` with ``causal=True`` gives at once, but each
    new position costs ``4 * b * e * length * d`` FLOPs instead of all of them again.

    Args:
        query: (b t e d), the new positions, most often one.
        key: (b t e d).
        value: (b t e d).
        cache: from `KVCache.empty` or the last call; it must have room for t more.

    Returns:
        (b t e d), and the cache with the new positions in it.

    Raises:
        ShapeError: axes that do not fit each other or the cache.

    Example:
        >>> x = jnp.ones((1, 1, 2, 4))
        >>> y, cache = cached_attention(x, x, x, KVCache.empty(1, 8, 2, 4))
        >>> y.shape, int(cache.length)
        ((1, 1, 2, 4), 1)
    """
    query = floating("query", query, "b t e d")
    key, value = floating("key", key, "b t e d"), floating("value", value, "b t e d")
    _check_heads(query, cache.keys, cache.values)
    _check_heads(query, key, value)
    start = (0, cache.length, 0, 0)
    keys = lax.dynamic_update_slice(cache.keys, key.astype(cache.keys.dtype), start)
    values = lax.dynamic_update_slice(cache.values, value.astype(cache.values.dtype), start)
    places = cache.length + jnp.arange(query.shape[1])
    seen = jnp.arange(keys.shape[1]) <= places[:, None]
    y = _plain(query, keys, values, seen[None, None], causal=False)
    return y, KVCache(keys, values, cache.length + query.shape[1])


def _plain(query: Array, key: Array, value: Array, mask: Array | None, *, causal: bool) -> Array:
    """All scores at once; the division by their sum comes after the product with the values."""
    scale = 1.0 / query.shape[-1] ** 0.5
    scores = widened(jnp.einsum("bted,bsed->bets", query * scale, key))
    if causal:
        t, s = scores.shape[2:]
        scores = jnp.where(jnp.tri(t, s, s - t, dtype=bool), scores, -jnp.inf)
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf)
    powers = jnp.exp(scores - finite_max(scores))
    total = powers.sum(axis=-1).transpose(0, 2, 1)[..., None]
    y = jnp.einsum("bets,bsed->bted", powers.astype(value.dtype), value)
    return (y / jnp.where(total == 0, 1, total)).astype(query.dtype)


def _xla(query: Array, key: Array, value: Array, mask: Array | None, *, causal: bool) -> Array:
    t, s = query.shape[1], key.shape[1]
    where = mask
    if causal:
        lower = jnp.tri(t, s, s - t, dtype=bool)
        where = lower[None, None] if mask is None else mask & lower
    y = jax.nn.dot_product_attention(query, key, value, mask=where)
    if where is None:
        return y
    return jnp.where(where.any(axis=-1).transpose(0, 2, 1)[..., None], y, 0)


def _check_heads(query: Array, key: Array, value: Array) -> None:
    same = (query.shape[0], *query.shape[2:])
    if key.shape != value.shape or (key.shape[0], *key.shape[2:]) != same:
        raise ShapeError(
            "key",
            required=f"shaped like value, with batch, heads and width {same}",
            got=(key.shape, value.shape),
        )


def _mask(mask: ArrayLike, keys: int) -> Array:
    where = jnp.asarray(mask, bool)
    if where.ndim != 4 or where.shape[3] not in (1, keys):
        raise ShapeError("mask", required="of axes (b e t s), 1 where shared", got=where.shape)
    return jnp.broadcast_to(where, (*where.shape[:3], keys))


#: Formulations of `attention` by name.
ATTENTION_METHODS = {"plain": _plain, "blockwise": blockwise, "xla": _xla}
