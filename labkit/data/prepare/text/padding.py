"""Sequences of unequal length in one array, and batches of like lengths to pad little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.errors import ArgumentError

__all__ = ["Padded", "bucket_batches", "pad_sequences"]


class Padded(NamedTuple):
    """Sequences in one array.

    Attributes:
        ids: ``[b, t]`` the numbers, padding after each sequence.
        mask: ``[b, t]`` true where there is a token, false where there is padding.
    """

    ids: NDArray[np.int32]
    mask: NDArray[np.bool_]


def pad_sequences(
    sequences: Sequence[Sequence[int]], *, length: int | None = None, pad: int = 0
) -> Padded:
    """Fill up to one length; what is longer is cut off at its end.

    Args:
        sequences: numbers of each sequence.
        length: of the rows; ``None`` for the longest sequence.
        pad: the number to fill with.

    Raises:
        ArgumentError: a length below 1.

    Example:
        >>> ids, mask = pad_sequences([[5, 6, 7], [8]])
        >>> ids.tolist(), mask.sum(axis=1).tolist()
        ([[5, 6, 7], [8, 0, 0]], [3, 1])
    """
    longest = max((len(sequence) for sequence in sequences), default=0)
    width = max(longest, 1) if length is None else length
    if width < 1:
        raise ArgumentError("length", required="at least 1", got=length)
    ids = np.full((len(sequences), width), pad, np.int32)
    mask = np.zeros(ids.shape, bool)
    for row, sequence in enumerate(sequences):
        kept = sequence[:width]
        ids[row, : len(kept)], mask[row, : len(kept)] = kept, True
    return Padded(ids, mask)


def bucket_batches(
    lengths: ArrayLike, batch_size: int, *, boundaries: Sequence[int], seed: int = 0
) -> list[NDArray[np.intp]]:
    """Rows in batches of like length: pad each batch to the boundary of its bucket.

    A compiled step is compiled once for each boundary, so few boundaries; and nearly all
    of a batch is tokens, so not too few.

    Args:
        lengths: ``[n]`` of the sequences.
        batch_size: most rows in a batch; the last of a bucket may have fewer.
        boundaries: largest length of each bucket, increasing; the last holds all lengths.
        seed: of the shuffle, within buckets and of the batches.

    Returns:
        Row numbers of each batch; every row is in one of them.

    Raises:
        ArgumentError: boundaries that do not increase or do not reach the longest.

    Example:
        >>> batches = bucket_batches([3, 9, 2, 8, 4], 2, boundaries=[4, 10])
        >>> sorted(len(batch) for batch in batches)
        [1, 2, 2]
    """
    sizes, edges = np.asarray(lengths), np.asarray(boundaries)
    if batch_size < 1:
        raise ArgumentError("batch_size", required="at least 1", got=batch_size)
    if (np.diff(edges) <= 0).any() or edges[-1] < sizes.max():
        required = f"increasing, the last at least {sizes.max()}"
        raise ArgumentError("boundaries", required=required, got=list(boundaries))
    generator = np.random.default_rng(seed)
    bucket_of = np.searchsorted(edges, sizes)
    batches = []
    for bucket in range(len(edges)):
        rows = generator.permutation(np.flatnonzero(bucket_of == bucket))
        batches += [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
    return [batches[number] for number in generator.permutation(len(batches))]
