"""A permutation of the last axis whose derivative is the inverse permutation.

JAX differentiates an indexed read into an indexed add, which is slow and forgets that no two
places collide. This primitive transposes into a read through the inverse table instead, and so
works under ``jvp``, ``grad``, ``vmap`` and ``scan`` alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

__all__ = ["permute"]


def permute(x: jax.Array, source: jax.Array, target: jax.Array) -> jax.Array:
    """``y[..., i] = x[..., source[i]]``, where ``target`` is the inverse of ``source``.

    Example:
        >>> x, source = jax.numpy.array([10.0, 11.0, 12.0]), jax.numpy.array([2, 0, 1])
        >>> permute(x, source, jax.numpy.argsort(source)).tolist()
        [12.0, 10.0, 11.0]
    """
    return _permute_p.bind(x, source, target)


def _read(x: jax.Array, source: jax.Array, _: jax.Array) -> jax.Array:
    return x.at[..., source].get(mode="promise_in_bounds", unique_indices=True)


_permute_p = Primitive("permute")
_permute_p.def_impl(jax.jit(_read))
_permute_p.def_abstract_eval(lambda x, *_: x)
mlir.register_lowering(_permute_p, mlir.lower_fun(_read, multiple_results=False))


def _jvp(tangent: Any, _: jax.Array, source: jax.Array, target: jax.Array) -> Any:
    return _permute_p.bind(tangent, source, target)


def _transpose(cotangent: Any, _: Any, source: jax.Array, target: jax.Array) -> list[Any]:
    if type(cotangent) is ad.Zero:
        return [cotangent, None, None]
    return [_permute_p.bind(cotangent, target, source), None, None]


def _batch(arguments: Sequence[Any], axes: Sequence[int | None]) -> tuple[jax.Array, int]:
    x, source, target = arguments
    if axes[1] is not None or axes[2] is not None:
        raise NotImplementedError("permute takes one table for the whole batch")
    return _permute_p.bind(jnp.moveaxis(x, axes[0] or 0, 0), source, target), 0


ad.defjvp(_permute_p, _jvp, None, None)
ad.primitive_transposes[_permute_p] = _transpose
batching.primitive_batchers[_permute_p] = _batch
