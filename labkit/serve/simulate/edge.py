"""Edge and cloud: a small server near the reader, a large one behind a network."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from labkit.errors import ArgumentError, ShapeError
from labkit.types import Bool, Float

__all__ = ["EdgeCloud", "edge_cloud"]


class EdgeCloud(NamedTuple):
    """What became of each request; arrays of shape ``(n, lanes)``."""

    latency_s: Float[jax.Array, "n lanes"]
    in_cloud: Bool[jax.Array, "n lanes"]


def edge_cloud(
    gaps_s: Float[jax.Array, "n lanes"],
    edge_s: Float[jax.Array, "n lanes"],
    cloud_s: Float[jax.Array, "n lanes"],
    network_s: Float[jax.Array, "n lanes"],
    *,
    max_edge_wait_s: float,
    cloud_servers: int = 1,
) -> EdgeCloud:
    """Serve at the edge; go to the cloud where the edge would make a request wait too long.

    Args:
        gaps_s: seconds since the arrival before.
        edge_s: what each request takes at the edge.
        cloud_s: what it takes in the cloud.
        network_s: round trip to the cloud of each request.
        max_edge_wait_s: the longest wait at the edge; below 0 sends all to the cloud, ``inf``
            none.
        cloud_servers: replicas in the cloud, behind one queue.

    Raises:
        ShapeError: where the arrays differ in shape.
        ArgumentError: where there is no replica in the cloud.

    Example:
        >>> import jax.numpy as jnp
        >>> two = jnp.zeros((2, 1))
        >>> run = edge_cloud(two, two + 1.0, two + 0.1, two + 0.05, max_edge_wait_s=0.5)
        >>> run.latency_s.ravel().round(3).tolist(), run.in_cloud.ravel().tolist()
        ([1.0, 0.15000000596046448], [False, True])
    """
    for name, array in (("edge_s", edge_s), ("cloud_s", cloud_s), ("network_s", network_s)):
        if array.shape != gaps_s.shape:
            raise ShapeError(
                name, required=f"of the shape of gaps_s, {gaps_s.shape}", got=array.shape
            )
    if cloud_servers < 1:
        raise ArgumentError("cloud_servers", required="at least 1", got=cloud_servers)
    return _edge_cloud(gaps_s, edge_s, cloud_s, network_s, max_edge_wait_s, cloud_servers)


@partial(jax.jit, static_argnames=("cloud_servers",))
def _edge_cloud(
    gaps_s: jax.Array,
    edge_s: jax.Array,
    cloud_s: jax.Array,
    network_s: jax.Array,
    max_edge_wait_s: jax.Array | float,
    cloud_servers: int,
) -> EdgeCloud:
    lanes = gaps_s.shape[1]
    index = jnp.arange(cloud_servers)[:, None]

    def arrive(
        work: tuple[jax.Array, jax.Array], request: tuple[jax.Array, ...]
    ) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
        gap_s, at_edge_s, at_cloud_s, trip_s = request
        edge, cloud = (jnp.maximum(x - gap_s, 0.0) for x in work)
        away = edge > max_edge_wait_s
        # It reaches the cloud after half its trip; what is left to do there by then is waited for.
        wait_s = jnp.maximum(cloud.min(axis=0) - trip_s / 2, 0.0)
        far_s = trip_s + wait_s + at_cloud_s
        joined = (index == jnp.argmin(cloud, axis=0)[None]) & away[None]
        done_s = trip_s / 2 + wait_s + at_cloud_s
        cloud = jnp.where(joined, done_s[None], cloud)
        near_s = edge + at_edge_s
        edge = jnp.where(away, edge, near_s)
        return (edge, cloud), (jnp.where(away, far_s, near_s), away)

    idle = (jnp.zeros(lanes), jnp.zeros((cloud_servers, lanes)))
    _, (latency_s, in_cloud) = jax.lax.scan(arrive, idle, (gaps_s, edge_s, cloud_s, network_s))
    return EdgeCloud(latency_s, in_cloud)
