"""Which words a score rests on: each is left out in turn, whatever computes the score."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError

__all__ = ["occlusion"]


def occlusion(score: Callable[[list[str]], ArrayLike], words: Sequence[str]) -> np.ndarray:
    """How much a text's score falls where one word is left out: ``[n]``, one number for each word.

    Nothing is asked of the model: it may be a network, a table or a rule. The numbers need not
    add up to the score; words that say the same twice both get little.

    Args:
        score: of texts (n), one number for each.
        words: of one text, in order.

    Raises:
        ArgumentError: no words.
        ShapeError: the scores are not one for each text.

    Source: Li, Monroe and Jurafsky 2016, "Understanding neural networks through representation
        erasure" (arXiv:1612.08220), section 3, without its division by the score.

    Example:
        >>> occlusion(lambda texts: [text.count("up") for text in texts], ["up", "and", "up"])
        array([1., 0., 1.])
    """
    if not words:
        raise ArgumentError("words", required="at least one", got=words)
    without = [" ".join([*words[:i], *words[i + 1 :]]) for i in range(len(words))]
    scores = np.asarray(score([" ".join(words), *without]), float)
    if scores.shape != (len(words) + 1,):
        raise ShapeError("scores", required=f"one for each of {len(words) + 1}", got=scores.shape)
    return scores[0] - scores[1:]
