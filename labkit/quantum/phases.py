"""The phase of every amplitude from a few terms, and its derivative.

A term's sign (or indicator) over all places is the product of one over the high bits and one
over the low bits, so the phase of 2**n places is a product of two thin matrices, and nothing
of size ``terms * 2**n`` is ever stored.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .normal_form import PARITY
from .trigonometry import cos_sin

__all__ = ["phase_of", "term_gradient", "turn"]

_ONE_FACTOR = 8  # up to this many qubits the low bits are all bits


def _factors(masks: Any, values: Any, n: int, dtype: Any) -> tuple[jax.Array, jax.Array]:
    """(t, 2**high) and (t, 2**low): their products are the terms' signs or indicators."""
    low = n if n <= _ONE_FACTOR else (n + 1) // 2
    high_part = _over(masks >> low, jnp.where(values == PARITY, PARITY, values >> low), n - low)
    low_bits = (1 << low) - 1
    low_part = _over(masks & low_bits, jnp.where(values == PARITY, PARITY, values & low_bits), low)
    return high_part.astype(dtype), low_part.astype(dtype)


def _over(masks: Any, values: Any, bits: int) -> jax.Array:
    place = jnp.arange(1 << bits, dtype=jnp.int32)
    met = jnp.asarray(masks, jnp.int32)[:, None] & place
    sign = 1 - 2 * (jax.lax.population_count(met) & 1)
    wanted = jnp.asarray(values, jnp.int32)[:, None]
    return jnp.where(wanted == PARITY, sign, (met == wanted).astype(jnp.int32))


def phase_of(masks: Any, values: Any, angles: jax.Array, n: int) -> jax.Array:
    """``sum(angle * sign)`` at each of 2**n places, from angles of shape (t,)."""
    high, low = _factors(masks, values, n, angles.dtype)
    return jnp.matmul((high * angles[:, None]).T, low, precision="highest").reshape(1 << n)


def term_gradient(masks: Any, values: Any, slope: jax.Array, n: int) -> jax.Array:
    """The transpose of `phase_of`: from the phase's derivative (2**n,) to the angles' (t,)."""
    high, low = _factors(masks, values, n, slope.dtype)
    table = slope.reshape(high.shape[1], low.shape[1])
    return jnp.sum(jnp.matmul(high, table, precision="highest") * low, axis=-1)


def turn(state: jax.Array, phase: jax.Array) -> jax.Array:
    """Multiply planes ``(..., 2, q)`` of real and imaginary parts by ``exp(1j * phase)``."""
    cosine, sine = cos_sin(phase)
    real, imaginary = state[..., 0, :], state[..., 1, :]
    return jnp.stack([real * cosine - imaginary * sine, real * sine + imaginary * cosine], axis=-2)
