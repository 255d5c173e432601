"""The likeliest tags of many sequences of unequal length, in few compiled programs."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from numpy.typing import NDArray

from labkit import kernels
from labkit.data.prepare.text import bucket_batches
from labkit.models.predict import in_evaluation_mode
from labkit.types import Bool, PyTree

__all__ = ["best_tags", "padded_length"]


def best_tags(
    model: nnx.Module,
    inputs: NDArray[np.int32],
    lengths: NDArray[np.integer],
    *,
    boundaries: Sequence[int],
    allowed: tuple[Bool[np.ndarray, " k"], Bool[np.ndarray, "k k"]] | None = None,
    batch_size: int = 64,
) -> list[NDArray[np.int32]]:
    """Tag every sequence, in evaluation mode, those of like length together.

    Args:
        model: a tagger: called as ``model(batch)``, it returns `TagScores`.
        inputs: whole numbers (n t f), 0 after the end of each sequence.
        lengths: of the sequences along t, padding left out.
        boundaries: lengths to pad to, increasing; one program is compiled for each.
        allowed: which tags may begin a sequence and which may follow which; all if not given.
        batch_size: sequences computed at once.

    Returns:
        The numbers of the tags of each sequence, at least as many as it has words.
    """
    graphdef, state = nnx.split(in_evaluation_mode(model))
    tags: list[NDArray[np.int32]] = [np.zeros(0, np.int32)] * len(inputs)
    for rows in bucket_batches(lengths, batch_size, boundaries=boundaries):
        width = min(padded_length(lengths[rows], boundaries), inputs.shape[1])
        batch = np.zeros((batch_size, width, *inputs.shape[2:]), np.int32)
        batch[: len(rows)] = inputs[rows, :width]
        found = np.asarray(_decode(graphdef, state, batch, allowed))
        for row, best in zip(rows, found, strict=False):
            tags[row] = best
    return tags


def padded_length(lengths: NDArray[np.integer], boundaries: Sequence[int]) -> int:
    """The smallest boundary that holds all of them."""
    return int(boundaries[np.searchsorted(np.asarray(boundaries), lengths.max())])


@functools.partial(kernels.jit, static_argnums=0)
def _decode(
    graphdef: nnx.GraphDef, state: PyTree, batch: Array, allowed: tuple[Array, Array] | None
) -> Array:
    scores = nnx.merge(graphdef, state)(batch)
    if allowed is not None:
        scores = scores.only(*map(jnp.asarray, allowed))
    return scores.decode()
