"""Factors by alternating least squares: with one table fixed, the best other is a ridge step."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from labkit import kernels
from labkit.errors import ArgumentError, ShapeError
from labkit.models import Factors
from labkit.types import Float

__all__ = ["fit_als", "ridge_step"]


def fit_als(
    history: ArrayLike,
    *,
    factors: int = 32,
    weight: float = 10.0,
    regularisation: float = 1.0,
    sweeps: int = 10,
    seed: int = 0,
) -> Factors:
    """Factors of who has what: what a user has counts ``1 + weight`` times, all else once, as 0.

    Made small is ``sum c (p - u·v)² + regularisation (|u|² + |v|²)`` with ``p`` the history and
    ``c = 1 + weight p``. No rate is to be chosen, and no step makes it larger.

    Args:
        history: ``[n, m]`` 1 where a user has an item, else 0; held whole in memory.
        factors: length of the vectors.
        weight: how much surer a 1 is than a 0.
        regularisation: of the vectors' lengths.
        sweeps: how often both tables are computed.
        seed: of the first table.

    Raises:
        ShapeError: no table.
        ArgumentError: a number that is not positive.

    Source: Hu, Koren and Volinsky 2008, "Collaborative filtering for implicit feedback datasets",
        ICDM, equations 3 to 5.

    Example:
        >>> fit_als(np.eye(4), factors=2, sweeps=2).scores().shape
        (4, 4)
    """
    owned = np.asarray(history, np.float32)
    if owned.ndim != 2:
        raise ShapeError("history", required="a table of users and items", got=owned.shape)
    numbers = (factors, weight, regularisation, sweeps)
    if min(numbers) <= 0:
        required = "above 0: factors, weight, regularisation, sweeps"
        raise ArgumentError("fit_als", required=required, got=numbers)
    start = 0.1 * jax.random.normal(jax.random.key(seed), (owned.shape[1], factors))
    users, items = _sweeps(jnp.asarray(owned), start, weight, regularisation, sweeps)
    return Factors(np.asarray(users), np.asarray(items), np.zeros(len(items), np.float32))


def ridge_step(
    history: Float[Array, "n m"],
    items: Float[Array, "m d"],
    weight: ArrayLike,
    regularisation: ArrayLike,
) -> Float[Array, "n d"]:
    """The best vector of each user for fixed items: one weighted ridge regression each.

    All normal equations come from one product: row i of ``history`` times the outer products of
    the items' vectors.
    """
    d = items.shape[1]
    squares = (items[:, :, None] * items[:, None, :]).reshape(len(items), d * d)
    extra = kernels.matmul(history, squares).reshape(-1, d, d)
    left = items.T @ items + weight * extra + regularisation * jnp.eye(d)
    right = (1 + weight) * kernels.matmul(history, items)
    return jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(left), True), right[..., None])[..., 0]


@functools.partial(jax.jit, static_argnames="sweeps")
def _sweeps(
    history: Array, items: Array, weight: ArrayLike, regularisation: ArrayLike, sweeps: int
) -> tuple[Array, Array]:
    def sweep(_: Array, tables: tuple[Array, Array]) -> tuple[Array, Array]:
        users = ridge_step(history, tables[1], weight, regularisation)
        return users, ridge_step(history.T, users, weight, regularisation)

    users = jnp.zeros((len(history), items.shape[1]))
    return lax.fori_loop(0, sweeps, sweep, (users, items))
