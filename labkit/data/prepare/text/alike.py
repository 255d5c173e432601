"""Texts that say the same in nearly the same words, as groups that a split must not part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from labkit.data.prepare.text.normalising import normalise
from labkit.errors import ArgumentError
from labkit.types import Int

__all__ = ["alike_groups"]

_CHUNK = 512  # texts that are compared with all others at once: bounds the memory


def alike_groups(texts: Sequence[str], *, similarity: float = 0.5) -> Int[np.ndarray, " n"]:
    """Number the groups of texts that are alike, or joined by a chain of alike ones.

    Two texts are alike by the words and the pairs of neighbouring words that both hold, as a share
    of all that either holds (Jaccard's index). Case, punctuation and spacing do not count; a text
    without a word is alike to none.

    Args:
        texts: to group.
        similarity: from which on two are alike, above 0 and at most 1.

    Raises:
        ArgumentError: a similarity out of range.

    Source: Broder 1997, "On the resemblance and containment of documents", section 2, for the
        index of sets of shingles; here all pairs are compared, without sketches.

    Example:
        >>> alike_groups(["Profit rose to 5 mn.", "PROFIT rose to 5 mn", "Sales fell"]).tolist()
        [0, 0, 1]
    """
    if not 0 < similarity <= 1:
        raise ArgumentError("similarity", required="above 0, at most 1", got=similarity)
    held = _shingles(texts)
    sizes = np.asarray(held.sum(axis=1)).ravel()
    pairs = []
    for start in range(0, len(texts), _CHUNK):
        shared = (held[start : start + _CHUNK] @ held.T).tocoo()
        index = shared.data / (sizes[start + shared.row] + sizes[shared.col] - shared.data)
        alike = index >= similarity
        pairs.append(np.stack([start + shared.row[alike], shared.col[alike]]))
    rows, columns = np.concatenate([np.empty((2, 0), int), *pairs], axis=1)
    links = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(texts),) * 2)
    return connected_components(links, directed=False)[1].astype(np.int64)


def _shingles(texts: Sequence[str]) -> sparse.csr_array:
    """Which words and pairs of words each text holds: ones in a row for each text."""
    numbers: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        plain = normalise(text)
        words = "".join(c if c.isalnum() else " " for c in plain).split()
        pairs = (" ".join(pair) for pair in pairwise(words))
        for shingle in {*words, *pairs}:
            rows.append(row)
            columns.append(numbers.setdefault(shingle, len(numbers)))
    shape = (len(texts), max(len(numbers), 1))
    return sparse.csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
