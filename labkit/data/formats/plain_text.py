"""One running text, such as tinyshakespeare, divided by position."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_text, strings
from labkit.errors import DataError

__all__ = ["read_split"]


@only_data_errors("a text file")
def read_split(text: Path, *, start: float = 0.0, stop: float = 1.0) -> Parts:
    """The part of a text between two shares of its length.

    Args:
        text: a UTF-8 file.
        start: where the part starts, as a share of all characters.
        stop: where it stops.

    Returns:
        inputs: an object array [1] with the text; targets [1, 0]: there are none.
    """
    whole = read_text(text)
    part = whole[int(start * len(whole)) : int(stop * len(whole))]
    if not part:
        raise DataError(f"{text} is too short to be divided: {len(whole)} characters.")
    return Parts(strings([part]), np.empty((1, 0)))
