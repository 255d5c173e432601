"""Autoscaling: replicas that follow the load, and start cold."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from labkit.errors import ArgumentError
from labkit.types import Float, Int

__all__ = ["Autoscaled", "Autoscaler", "autoscale"]


class Autoscaler(NamedTuple):
    """How the number of replicas follows the load.

    Attributes:
        min_servers, max_servers: bounds.
        target_utilisation: share of the time a replica shall be busy.
        interval_s: how often the number is decided anew.
        cold_start_s: from the decision to the first request a new replica can serve.
    """

    min_servers: int = 1
    max_servers: int = 8
    target_utilisation: float = 0.7
    interval_s: float = 15.0
    cold_start_s: float = 30.0


class Autoscaled(NamedTuple):
    """What became of each request, and what it took; arrays of shape ``(n, lanes)``."""

    wait_s: Float[jax.Array, "n lanes"]
    service_s: Float[jax.Array, "n lanes"]
    servers: Int[jax.Array, "n lanes"]
    paid_s: Float[jax.Array, " lanes"]

    @property
    def latency_s(self) -> Float[jax.Array, "n lanes"]:
        """Waiting and service together."""
        return self.wait_s + self.service_s


class _State(NamedTuple):
    busy_s: jax.Array  # (max_servers, lanes) until each replica could serve a new request
    on: jax.Array  # (lanes,) replicas switched on
    since_s: jax.Array  # (lanes,) since the last decision
    offered_s: jax.Array  # (lanes,) work that came since then
    paid_s: jax.Array  # (lanes,) replica-seconds


def autoscale(
    gaps_s: Float[jax.Array, "n lanes"],
    service_s: Float[jax.Array, "n lanes"],
    scaler: Autoscaler,
) -> Autoscaled:
    """A first-come queue whose replicas are counted anew at every interval.

    The work that came during the last interval, over its length and the target, is the number
    wanted. A replica switched on serves after its cold start; one switched off finishes what it
    has. Decisions fall on the first arrival after each interval. ``paid_s`` counts a replica from
    its switch-on, since clouds charge for cold starts too.

    Raises:
        ArgumentError: where a bound, the target or a time is impossible.
    """
    _check(scaler)
    return _autoscale(gaps_s, service_s, scaler)


@partial(jax.jit, static_argnames=("scaler",))
def _autoscale(gaps_s: jax.Array, service_s: jax.Array, scaler: Autoscaler) -> Autoscaled:
    lanes = gaps_s.shape[1]
    index = jnp.arange(scaler.max_servers)[:, None]

    def decide(state: _State) -> _State:
        due = state.since_s >= scaler.interval_s
        load = state.offered_s / jnp.maximum(state.since_s, 1e-9)
        wanted = jnp.ceil(load / scaler.target_utilisation).astype(int)
        wanted = jnp.clip(wanted, scaler.min_servers, scaler.max_servers)
        on = jnp.where(due, wanted, state.on)
        started = (index >= state.on[None]) & (index < on[None])
        busy_s = jnp.where(started, jnp.maximum(state.busy_s, scaler.cold_start_s), state.busy_s)
        reset = jnp.where(due, 0.0, 1.0)
        return _State(busy_s, on, state.since_s * reset, state.offered_s * reset, state.paid_s)

    def arrive(state: _State, request: tuple[jax.Array, jax.Array]) -> tuple[_State, tuple]:
        gap_s, own_s = request
        # A replica switched off is paid for until it has finished its work.
        draining_s = jnp.where(index >= state.on[None], jnp.minimum(state.busy_s, gap_s), 0.0)
        paid_s = state.paid_s + state.on * gap_s + draining_s.sum(axis=0)
        state = decide(
            _State(
                jnp.maximum(state.busy_s - gap_s, 0.0),
                state.on,
                state.since_s + gap_s,
                state.offered_s,
                paid_s,
            )
        )
        open_s = jnp.where(index < state.on[None], state.busy_s, jnp.inf)
        joined = index == jnp.argmin(open_s, axis=0)[None]
        wait_s = open_s.min(axis=0)
        busy_s = jnp.where(joined, state.busy_s + own_s, state.busy_s)
        state = state._replace(busy_s=busy_s, offered_s=state.offered_s + own_s)
        return state, (wait_s, state.on)

    zero = jnp.zeros(lanes)
    first = _State(
        jnp.zeros((scaler.max_servers, lanes)),
        jnp.full(lanes, scaler.min_servers),
        zero,
        zero,
        zero,
    )
    last, (wait_s, servers) = jax.lax.scan(arrive, first, (gaps_s, service_s))
    return Autoscaled(wait_s, service_s, servers, last.paid_s)


def _check(scaler: Autoscaler) -> None:
    if not 1 <= scaler.min_servers <= scaler.max_servers:
        required = f"1 to max_servers ({scaler.max_servers})"
        raise ArgumentError("min_servers", required=required, got=scaler.min_servers)
    if not 0 < scaler.target_utilisation <= 1:
        got = scaler.target_utilisation
        raise ArgumentError("target_utilisation", required="above 0, at most 1", got=got)
    if scaler.interval_s <= 0:
        raise ArgumentError("interval_s", required="positive", got=scaler.interval_s)
    if scaler.cold_start_s < 0:
        raise ArgumentError("cold_start_s", required="at least 0", got=scaler.cold_start_s)
