"""Tags of the IOB2 kind as numbers, and which of them may follow which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labkit.errors import ArgumentError
from labkit.types import Sentences

__all__ = ["allowed_moves", "tag_rows"]


def tag_rows(tags: Sentences, names: Sequence[str], length: int) -> NDArray[np.int32]:
    """``[n, length]`` the numbers of the tags of each sentence, 0 after its end; cut at ``length``.

    Raises:
        ArgumentError: a tag that is none of the names.

    Example:
        >>> tag_rows([["B-PER", "O"], ["O"]], ("O", "B-PER"), 3).tolist()
        [[1, 0, 0], [0, 0, 0]]
    """
    numbers = {name: number for number, name in enumerate(names)}
    rows = np.zeros((len(tags), length), np.int32)
    for row, sentence in zip(rows, tags, strict=True):
        unknown = [tag for tag in sentence if tag not in numbers]
        if unknown:
            raise ArgumentError("tags", required=f"of {', '.join(names)}", got=unknown[0])
        kept = [numbers[tag] for tag in sentence[:length]]
        row[: len(kept)] = kept
    return rows


def allowed_moves(names: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tags may begin a sentence (k), and which (column) may follow which (row) (k k).

    In IOB2 an ``I-`` goes on with an entity of its own type, and nothing else.

    Example:
        >>> first, follows = allowed_moves(("O", "B-PER", "I-PER", "I-LOC"))
        >>> first.tolist(), follows[1].tolist()
        ([True, True, False, False], [True, True, True, False])
    """
    goes_on = np.array([name.startswith("I-") for name in names])
    kinds = np.array([name[2:] for name in names])
    return ~goes_on, ~goes_on | (kinds[:, None] == kinds)
