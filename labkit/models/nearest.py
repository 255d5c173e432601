"""The items whose vectors fit a query best: exactly, and fast by looking at some of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.types import Float, Int

__all__ = ["InvertedLists", "nearest"]


@functools.partial(jax.jit, static_argnames="k")
def nearest(
    queries: Float[Array, "b d"], items: Float[Array, "m d"], *, k: int
) -> Int[Array, "b k"]:
    """The ``k`` items with the largest scalar product, best first: every item is looked at.

    Example:
        >>> nearest(jnp.array([[1.0, 0.0]]), jnp.eye(2), k=1).tolist()
        [[0]]
    """
    return jax.lax.top_k(queries @ items.T, k)[1]


@dataclass(frozen=True, eq=False)
class InvertedLists:
    """An approximate index: items lie in lists around centres, and few lists are looked at.

    Attributes:
        centres: ``[l, d]`` of the lists.
        members: ``[l, s]`` item numbers of each list, -1 where it is shorter than the longest.
        vectors: ``[l, s, d]`` of the members, 0 where there is none.

    Source: Jégou, Douze and Schmid 2011, IEEE TPAMI 33(1), section IV (the inverted file,
        without its product quantiser); the centres come from scikit-learn's k-means.
    """

    centres: Float[Array, "l d"]
    members: Int[Array, "l s"]
    vectors: Float[Array, "l s d"]

    @classmethod
    def of(cls, items: ArrayLike, lists: int, *, most: float = 2.0, seed: int = 0) -> InvertedLists:
        """Sort vectors into lists.

        Args:
            items: ``[m, d]``, best of equal length.
            lists: how many; about the square root of m.
            most: no list is longer than so many times the mean: what does not fit goes to the
                nearest centre with room, so that a query's time has a bound.
            seed: of k-means.

        Raises:
            ArgumentError: not 1 to m lists, or room for less than all items.
        """
        from sklearn.cluster import MiniBatchKMeans

        table = np.asarray(items, np.float32)
        if not 1 <= lists <= len(table) or most < 1:
            required = f"1 to {len(table)} lists, most at least 1"
            raise ArgumentError("lists, most", required=required, got=(lists, most))
        means = MiniBatchKMeans(lists, n_init=1, max_iter=20, batch_size=4096, random_state=seed)
        centres = means.fit(table).cluster_centers_
        room = int(np.ceil(most * len(table) / lists))
        members = _filled(table, centres, room)
        vectors = np.where(members[..., None] >= 0, table[members], 0.0)
        return cls(jnp.asarray(centres), jnp.asarray(members), jnp.asarray(vectors))

    def search(self, queries: ArrayLike, *, k: int, probes: int = 8) -> Int[Array, "b k"]:
        """The best ``k`` among the members of the ``probes`` lists whose centres fit best.

        Args:
            queries: (b d).
            k: how many.
            probes: lists that are looked at.

        Raises:
            ArgumentError: more probes than lists, or fewer items in them than ``k``.
        """
        lists, size = self.members.shape
        if not 1 <= probes <= lists or not 1 <= k <= probes * size:
            required = f"1 to {lists} probes, k at most {size} times as many"
            raise ArgumentError("probes, k", required=required, got=(probes, k))
        asked = jnp.asarray(queries)  # (b d)
        return _search(self.centres, self.members, self.vectors, asked, k, probes)


@functools.partial(jax.jit, static_argnames=("k", "probes"))
def _search(
    centres: Array, members: Array, vectors: Array, queries: Array, k: int, probes: int
) -> Array:
    chosen = jax.lax.top_k(queries @ centres.T, probes)[1]
    scores = jnp.einsum("bd,bpsd->bps", queries, vectors[chosen])
    found = members[chosen].reshape(len(queries), -1)
    scores = jnp.where(found >= 0, scores.reshape(found.shape), -jnp.inf)
    return jnp.take_along_axis(found, jax.lax.top_k(scores, k)[1], axis=1)


def _filled(items: np.ndarray, centres: np.ndarray, room: int) -> np.ndarray:
    """Members of each list: items go to their nearest centre that has room, the nearest first."""
    members = np.full((len(centres), room), -1, np.int32)
    count = np.zeros(len(centres), int)
    distance = (centres**2).sum(1) - 2 * items @ centres.T  # without the item's own length
    near = np.argsort(distance, axis=1)[:, : min(len(centres), 32)]
    first = np.take_along_axis(distance, near[:, :1], 1)[:, 0] + (items**2).sum(1)
    for item in np.argsort(first, kind="stable"):
        places = near[item][count[near[item]] < room]
        place = places[0] if len(places) else int(count.argmin())
        members[place, count[place]] = item
        count[place] += 1
    return members
