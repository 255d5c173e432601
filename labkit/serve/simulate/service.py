"""How long requests take to serve: seconds, shape ``(n, lanes)``."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.types import Float, Key

__all__ = ["deterministic", "empirical", "exponential", "lognormal"]


def exponential(
    key: Key[jax.Array, ""], mean_s: float, n: int, lanes: int = 1
) -> Float[jax.Array, "n lanes"]:
    """Memoryless service times."""
    return jax.random.exponential(key, (n, lanes)) * mean_s


def deterministic(mean_s: float, n: int, lanes: int = 1) -> Float[jax.Array, "n lanes"]:
    """The same service time for each request."""
    return jnp.full((n, lanes), mean_s, jnp.float32)


def lognormal(
    key: Key[jax.Array, ""], mean_s: float, n: int, lanes: int = 1, *, variation: float = 0.5
) -> Float[jax.Array, "n lanes"]:
    """A long right tail: lognormal times with the given mean and coefficient of variation."""
    sigma = np.sqrt(np.log1p(variation**2))
    mu = np.log(mean_s) - sigma**2 / 2
    return jnp.exp(mu + sigma * jax.random.normal(key, (n, lanes)))


def empirical(
    key: Key[jax.Array, ""], measured_s: ArrayLike, n: int, lanes: int = 1
) -> Float[jax.Array, "n lanes"]:
    """Service times drawn, with replacement, from measured ones."""
    measured = np.asarray(measured_s, np.float32).ravel()
    if measured.size == 0 or not np.all(np.isfinite(measured)) or measured.min() < 0:
        raise ArgumentError("measured_s", required="finite times of at least 0 s", got=measured_s)
    return jax.random.choice(key, jnp.asarray(measured), (n, lanes))
