"""Dynamic batching: a server takes what has come, up to a size, waiting at most so long."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.types import Float, Int

__all__ = ["Batched", "batching"]


class Batched(NamedTuple):
    """What became of each request; arrays of shape ``(n, lanes)``."""

    wait_s: Float[jax.Array, "n lanes"]
    service_s: Float[jax.Array, "n lanes"]
    batch_size: Int[jax.Array, "n lanes"]

    @property
    def latency_s(self) -> Float[jax.Array, "n lanes"]:
        """Waiting and service together."""
        return self.wait_s + self.service_s


def batching(
    gaps_s: Float[jax.Array, "n lanes"],
    service_s_by_size: ArrayLike,
    *,
    max_wait_s: float,
    servers: int = 1,
) -> Batched:
    """A batch leaves when it is full, or when its first request has waited ``max_wait_s``.

    It leaves later where no server is free by then, and takes along whoever came meanwhile.

    Args:
        gaps_s: seconds since the arrival before.
        service_s_by_size: seconds that a batch of 1, 2, ..., ``max_batch`` takes; its length
            is the largest batch.
        max_wait_s: how long the first of a batch waits for others while a server is free.
        servers: how many batches can be served at once.

    Raises:
        ArgumentError: where no size is given, a time is negative, or there is no server.

    Example:
        >>> import jax.numpy as jnp
        >>> gaps_s = jnp.array([[0.0], [1.0], [5.0]])
        >>> batching(gaps_s, [1.0, 1.5], max_wait_s=2.0).latency_s.ravel().tolist()
        [2.5, 1.5, 3.0]
    """
    table_s = jnp.asarray(service_s_by_size, jnp.float32)
    if table_s.ndim != 1 or table_s.size == 0 or bool(jnp.any(table_s < 0)):
        raise ArgumentError(
            "service_s_by_size", required="a list of times, one per size", got=service_s_by_size
        )
    if max_wait_s < 0:
        raise ArgumentError("max_wait_s", required="at least 0", got=max_wait_s)
    if servers < 1:
        raise ArgumentError("servers", required="at least 1", got=servers)
    return _batching(gaps_s, table_s, max_wait_s, servers)


class _Open(NamedTuple):
    """The batch that is filling, seen from the present arrival."""

    work_s: jax.Array  # (servers, lanes) until each server is free
    size: jax.Array  # (lanes,) requests in it, 0 where none is open
    left_s: jax.Array  # (lanes,) until its first request has waited long enough


@partial(jax.jit, static_argnames=("servers",))
def _batching(
    gaps_s: jax.Array, table_s: jax.Array, max_wait_s: jax.Array | float, servers: int
) -> Batched:
    lanes = gaps_s.shape[1]
    max_batch = table_s.size

    def serve(state: _Open, start_s: jax.Array, leaves: jax.Array) -> _Open:
        """Give the open batch to the server that is free first, where ``leaves``."""
        first = jnp.argmin(state.work_s, axis=0)
        taken = (jnp.arange(servers)[:, None] == first[None]) & leaves[None]
        done_s = start_s + table_s[jnp.maximum(state.size, 1) - 1]
        work_s = jnp.where(taken, done_s[None], state.work_s)
        return state._replace(work_s=work_s, size=jnp.where(leaves, 0, state.size))

    def arrive(state: _Open, gap_s: jax.Array) -> tuple[_Open, tuple[jax.Array, ...]]:
        # Before this arrival: did the open batch leave? Times are relative to the last arrival.
        start_s = jnp.maximum(state.work_s.min(axis=0), state.left_s)
        left = (state.size > 0) & (start_s < gap_s)
        before = (left, start_s - gap_s, state.size)
        state = serve(state, start_s, left)
        state = _Open(state.work_s - gap_s, state.size, state.left_s - gap_s)
        # This arrival opens a batch or joins the open one.
        opens = state.size == 0
        state = state._replace(
            size=state.size + 1, left_s=jnp.where(opens, max_wait_s, state.left_s)
        )
        full = state.size == max_batch
        start_s = jnp.maximum(state.work_s.min(axis=0), 0.0)
        after = (full, start_s, state.size)
        return serve(state, start_s, full), (*before, *after)

    idle = _Open(jnp.zeros((servers, lanes)), jnp.zeros(lanes, int), jnp.zeros(lanes))
    last, departures = jax.lax.scan(arrive, idle, gaps_s)
    final = (jnp.maximum(last.work_s.min(axis=0), last.left_s), last.size)
    return _assign(gaps_s, departures, final, table_s)


def _assign(
    gaps_s: jax.Array,
    departures: tuple[jax.Array, ...],
    final: tuple[jax.Array, jax.Array],
    table_s: jax.Array,
) -> Batched:
    """Walk back from the last arrival and tell each request when its batch left."""

    def back(
        carry: tuple[jax.Array, jax.Array], row: tuple[jax.Array, ...]
    ) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
        gap_s, left, left_at_s, left_size, full, full_at_s, full_size = row
        start_s = jnp.where(full, full_at_s, carry[0])
        size = jnp.where(full, full_size, carry[1])
        # For the arrival before: its batch left just before this one, or is this one.
        before = (jnp.where(left, left_at_s, start_s) + gap_s, jnp.where(left, left_size, size))
        return before, (start_s, size)

    _, (wait_s, size) = jax.lax.scan(back, final, (gaps_s, *departures), reverse=True)
    return Batched(wait_s, table_s[size - 1], size)
