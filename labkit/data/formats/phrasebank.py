"""Financial PhraseBank: one sentence per line, an ``@``, and its sentiment; in Latin-1.

Source: P. Malo, A. Sinha, P. Korhonen, J. Wallenius, P. Takala, "Good Debt or Bad Debt: Detecting
Semantic Orientations in Economic Texts", JASIST 65(4), 2014; README of the data set.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_lines, strings
from labkit.errors import DataError

__all__ = ["read_split"]

_CLASSES = ("negative", "neutral", "positive")


@only_data_errors("a Financial PhraseBank file")
def read_split(sentences: Path) -> Parts:
    """All sentences of one file.

    Returns:
        inputs: an object array [n] of sentences; targets int32 [n]: 0 negative, 1 neutral,
        2 positive.

    Raises:
        DataError: a line without a sentence or without one of the three labels.
    """
    texts, labels = [], []
    for number, line in enumerate(read_lines(sentences, "latin-1"), 1):
        text, _, label = line.rpartition("@")
        if not text.strip() or label.strip() not in _CLASSES:
            raise DataError(
                f"{sentences}, line {number}: {line[-60:]!r} does not end with @negative, "
                "@neutral or @positive after a sentence."
            )
        texts.append(text.strip())
        labels.append(_CLASSES.index(label.strip()))
    return Parts(strings(texts), np.array(labels, np.int32), class_names=_CLASSES)
