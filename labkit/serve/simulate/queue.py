"""Queues before servers: each arrival adds its work to the server that a policy names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

from labkit.errors import ArgumentError, ShapeError
from labkit.types import Float, Int, Key

__all__ = [
    "Policy",
    "Served",
    "least_work",
    "power_of_two",
    "queue",
    "random_server",
    "round_robin",
]

#: (work left at each server, arrival number, two uniform draws) -> the server's number.
Policy: TypeAlias = Callable[
    [Float[jax.Array, "servers lanes"], Int[jax.Array, ""], Float[jax.Array, "2 #lanes"]],
    Int[jax.Array, " lanes"],
]


class Served(NamedTuple):
    """What became of each request; arrays of shape ``(n, lanes)``, seconds."""

    wait_s: Float[jax.Array, "n lanes"]
    service_s: Float[jax.Array, "n lanes"]
    server: Int[jax.Array, "n lanes"]

    @property
    def latency_s(self) -> Float[jax.Array, "n lanes"]:
        """Waiting and service together."""
        return self.wait_s + self.service_s


def least_work(
    work_s: Float[jax.Array, "servers lanes"],
    _arrival: Int[jax.Array, ""],
    _draws: Float[jax.Array, "2 #lanes"],
) -> Int[jax.Array, " lanes"]:
    """The server that is free first; the same waits as one common first-come queue."""
    return jnp.argmin(work_s, axis=0)


def round_robin(
    work_s: Float[jax.Array, "servers lanes"],
    arrival: Int[jax.Array, ""],
    _draws: Float[jax.Array, "2 #lanes"],
) -> Int[jax.Array, " lanes"]:
    """Each server in turn, blind to what it has to do."""
    servers, lanes = work_s.shape
    return jnp.full(lanes, arrival % servers)


def random_server(
    work_s: Float[jax.Array, "servers lanes"],
    _arrival: Int[jax.Array, ""],
    draws: Float[jax.Array, "2 #lanes"],
) -> Int[jax.Array, " lanes"]:
    """A server drawn blindly."""
    return (draws[0] * work_s.shape[0]).astype(int)


def power_of_two(
    work_s: Float[jax.Array, "servers lanes"],
    _arrival: Int[jax.Array, ""],
    draws: Float[jax.Array, "2 #lanes"],
) -> Int[jax.Array, " lanes"]:
    """The less loaded of two different servers drawn at random.

    Source:
        Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, IEEE TPDS
        12(10), 2001. There load is the number of requests; here it is the work left.
    """
    servers, lanes = work_s.shape
    first = (draws[0] * servers).astype(int)
    other = (first + 1 + (draws[1] * (servers - 1)).astype(int)) % servers
    lane = jnp.arange(lanes)
    return jnp.where(work_s[other, lane] < work_s[first, lane], other, first)


def queue(
    gaps_s: Float[jax.Array, "n lanes"],
    service_s: Float[jax.Array, "n lanes"],
    *,
    servers: int = 1,
    policy: Policy = least_work,
    key: Key[jax.Array, ""] | None = None,
) -> Served:
    """First come, first served at each of ``servers`` servers; starts empty.

    Args:
        gaps_s: seconds since the arrival before.
        service_s: seconds of work that each request brings.
        servers: how many servers.
        policy: which server a request joins; ``least_work`` is the G/G/c queue.
        key: for policies that draw at random.

    Raises:
        ShapeError: where the two arrays differ in shape.
        ArgumentError: where ``servers`` is not positive, or a random policy has no key.

    Source:
        Kiefer and Wolfowitz, On the theory of queues with many servers, Trans. AMS 78, 1955.

    Example:
        >>> import jax.numpy as jnp
        >>> gaps_s = jnp.array([[0.0], [1.0], [1.0]])
        >>> queue(gaps_s, jnp.array([[3.0], [1.0], [1.0]])).wait_s.ravel().tolist()
        [0.0, 2.0, 2.0]
    """
    if gaps_s.shape != service_s.shape or gaps_s.ndim != 2:
        raise ShapeError(
            "service_s", required=f"(n, lanes), as gaps_s {gaps_s.shape}", got=service_s.shape
        )
    if servers < 1:
        raise ArgumentError("servers", required="at least 1", got=servers)
    if key is None and policy in (random_server, power_of_two):
        raise ArgumentError(
            "key", required="given for a random policy", got=key, fix="Pass key=jax.random.key(0)."
        )
    return _queue(gaps_s, service_s, key, servers, policy)


@partial(jax.jit, static_argnames=("servers", "policy"))
def _queue(
    gaps_s: Float[jax.Array, "n lanes"],
    service_s: Float[jax.Array, "n lanes"],
    key: Key[jax.Array, ""] | None,
    servers: int,
    policy: Policy,
) -> Served:
    n, lanes = gaps_s.shape
    draws = jnp.zeros((n, 2, 1)) if key is None else jax.random.uniform(key, (n, 2, lanes))
    index = jnp.arange(servers)[:, None]

    def arrive(
        work_s: jax.Array, request: tuple[jax.Array, ...]
    ) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        gap_s, own_s, arrival, draw = request
        work_s = jnp.maximum(work_s - gap_s, 0.0)  # what was done since the last arrival
        chosen = policy(work_s, arrival, draw)
        joined = index == chosen[None]
        wait_s = jnp.sum(jnp.where(joined, work_s, 0.0), axis=0)
        return jnp.where(joined, work_s + own_s, work_s), (wait_s, chosen)

    requests = (gaps_s, service_s, jnp.arange(n), draws)
    _, (wait_s, server) = jax.lax.scan(arrive, jnp.zeros((servers, lanes)), requests)
    return Served(wait_s, service_s, server)
