"""Dynamic batching: a server takes what has come, up to a size, waiting at most so long."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.types import Float, Int, Key

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
    key: Key[jax.Array, ""] | None = None,
    turns: Int[jax.Array, "m _"] | None = None,
) -> Batched:
    """A batch leaves when it is full, or when its first request has waited ``max_wait_s``.

    It leaves later where no server is free by then, and takes along whoever came meanwhile.

    Args:
        gaps_s: seconds since the arrival before.
        service_s_by_size: seconds that a batch of 1, 2, ..., ``max_batch`` takes; its length
            is the largest batch. Where they scatter: for each size a row of times, of which each
            batch takes one.
        max_wait_s: how long the first of a batch waits for others while a server is free.
        servers: how many batches can be served at once.
        key: where times scatter and each batch draws one, all equally likely.
        turns: where times scatter and come in stretches: which of the row the first batch of a
            lane takes, which the second, and so on; at the end from the beginning.

    Raises:
        ArgumentError: where no size is given, a time is negative, there is no server, or times
            scatter and not just one of ``key`` and ``turns`` is given.

    Example:
        >>> import jax.numpy as jnp
        >>> gaps_s = jnp.array([[0.0], [1.0], [5.0]])
        >>> batching(gaps_s, [1.0, 1.5], max_wait_s=2.0).latency_s.ravel().tolist()
        [2.5, 1.5, 3.0]
    """
    table_s = jnp.asarray(service_s_by_size, jnp.float32)
    if table_s.ndim not in (1, 2) or table_s.size == 0 or bool(jnp.any(table_s < 0)):
        raise ArgumentError(
            "service_s_by_size",
            required="a list of times, one per size, or a row of times for each",
            got=service_s_by_size,
        )
    if (table_s.ndim == 2) != (key is not None or turns is not None):
        required = "given where times scatter, and only there, unless turns are"
        raise ArgumentError("key", required=required, got=key)
    if turns is not None and (key is not None or turns.shape[1:] != gaps_s.shape[1:]):
        required = f"one column for each of {gaps_s.shape[1]} lanes, and no key"
        raise ArgumentError("turns", required=required, got=turns.shape)
    if max_wait_s < 0:
        raise ArgumentError("max_wait_s", required="at least 0", got=max_wait_s)
    if servers < 1:
        raise ArgumentError("servers", required="at least 1", got=servers)
    if turns is not None:
        return _batching(gaps_s, table_s, max_wait_s, servers, None, turns)
    if key is None:
        return _batching(gaps_s, table_s[:, None], max_wait_s, servers, None, None)
    draws = jax.random.randint(key, gaps_s.shape, 0, table_s.shape[1])
    return _batching(gaps_s, table_s, max_wait_s, servers, draws, None)


class _Open(NamedTuple):
    """The batch that is filling, seen from the present arrival."""

    work_s: jax.Array  # (servers, lanes) until each server is free
    size: jax.Array  # (lanes,) requests in it, 0 where none is open
    left_s: jax.Array  # (lanes,) until its first request has waited long enough
    draw: jax.Array  # (lanes,) which of the times of its size it will take
    turn: jax.Array  # (lanes,) how many batches there were before it


@partial(jax.jit, static_argnames=("servers",))
def _batching(
    gaps_s: jax.Array,
    table_s: jax.Array,
    max_wait_s: jax.Array | float,
    servers: int,
    draws: jax.Array | None,
    turns: jax.Array | None,
) -> Batched:
    lanes = gaps_s.shape[1]
    max_batch = table_s.shape[0]

    def own_s(state: _Open) -> jax.Array:
        return table_s[jnp.maximum(state.size, 1) - 1, state.draw]

    def serve(state: _Open, start_s: jax.Array, leaves: jax.Array) -> _Open:
        """Give the open batch to the server that is free first, where ``leaves``."""
        first = jnp.argmin(state.work_s, axis=0)
        chosen = (jnp.arange(servers)[:, None] == first[None]) & leaves[None]
        work_s = jnp.where(chosen, (start_s + own_s(state))[None], state.work_s)
        return state._replace(work_s=work_s, size=jnp.where(leaves, 0, state.size))

    def taken(state: _Open, draw: jax.Array | None) -> jax.Array:
        """Which of the times of its size a batch takes that opens now."""
        if turns is not None:
            return turns[state.turn % turns.shape[0], jnp.arange(lanes)]
        return state.draw if draw is None else draw

    def arrive(
        state: _Open, request: tuple[jax.Array, jax.Array | None]
    ) -> tuple[_Open, tuple[jax.Array, ...]]:
        gap_s, draw = request
        # Before this arrival: did the open batch leave? Times are relative to the last arrival.
        start_s = jnp.maximum(state.work_s.min(axis=0), state.left_s)
        left = (state.size > 0) & (start_s < gap_s)
        before = (left, start_s - gap_s, state.size, own_s(state))
        state = serve(state, start_s, left)
        state = state._replace(work_s=state.work_s - gap_s, left_s=state.left_s - gap_s)
        # This arrival opens a batch or joins the open one.
        opens = state.size == 0
        state = state._replace(
            size=state.size + 1,
            left_s=jnp.where(opens, max_wait_s, state.left_s),
            draw=jnp.where(opens, taken(state, draw), state.draw),
            turn=state.turn + opens,
        )
        full = state.size == max_batch
        start_s = jnp.maximum(state.work_s.min(axis=0), 0.0)
        after = (full, start_s, state.size, own_s(state))
        return serve(state, start_s, full), (*before, *after)

    none = jnp.zeros(lanes, int)
    idle = _Open(jnp.zeros((servers, lanes)), none, jnp.zeros(lanes), none, none)
    last, departures = jax.lax.scan(arrive, idle, (gaps_s, draws))
    final = (jnp.maximum(last.work_s.min(axis=0), last.left_s), last.size, own_s(last))
    return _assign(gaps_s, departures, final)


def _assign(
    gaps_s: jax.Array, departures: tuple[jax.Array, ...], final: tuple[jax.Array, ...]
) -> Batched:
    """Walk back from the last arrival and tell each request when its batch left, and of what."""

    def back(
        carry: tuple[jax.Array, ...], row: tuple[jax.Array, ...]
    ) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...]]:
        gap_s, left, *both = row
        before, (full, *after) = both[:3], both[3:]
        mine = [jnp.where(full, now, later) for now, later in zip(after, carry, strict=True)]
        # For the arrival before: its batch left just before this one, or is this one.
        earlier = [jnp.where(left, then, now) for then, now in zip(before, mine, strict=True)]
        return (earlier[0] + gap_s, *earlier[1:]), tuple(mine)

    _, (wait_s, size, service_s) = jax.lax.scan(back, final, (gaps_s, *departures), reverse=True)
    return Batched(wait_s, service_s, size)
