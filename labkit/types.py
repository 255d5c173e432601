"""Array types and the letters of their axes, listed once for the whole package.

===== ==========================================
axis  meaning
===== ==========================================
b     batch: independent examples
h, w  height and width of an image or feature map
c     channels of an image or feature map
f     features of a flat example
k     classes
t     time or position in a sequence
s     position in a second sequence (keys, values)
n, m  rows and columns of a plain matrix
d     width of a model, of a head, or of an embedding
e     heads of an attention
o     output channels of a layer
q     amplitudes of a quantum state, 2 ** qubits
===== ==========================================

A shape in a signature, ``Float[Array, "b h w c"]``, is checked in the tests and
costs nothing at run time. Where a function checks a user's array itself, to say
in a sentence what is wrong, its signature says ``ArrayLike`` and no shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Complex, Float, Inexact, Int, Integer, Key, Num, Shaped, UInt8
from numpy.typing import NDArray

__all__ = [
    "Bool",
    "Complex",
    "Float",
    "Inexact",
    "Int",
    "Integer",
    "Key",
    "Num",
    "PyTree",
    "Sentences",
    "Shaped",
    "UInt8",
]

#: Any nest of dicts, lists, tuples and registered classes with arrays as leaves.
PyTree: TypeAlias = Any

#: The words (or the tags) of each sentence: lists, or an object array as `labkit.data.load` gives.
Sentences: TypeAlias = Sequence[Sequence[str]] | NDArray[np.object_]
