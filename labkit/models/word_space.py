"""Vectors of texts without any pretraining: counted words brought to few dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labkit.data.prepare.text import normalise
from labkit.types import Float

__all__ = ["WordSpace"]


class WordSpace:
    """Texts as vectors of length 1, near each other where their words occur together.

    Stands for a `SentenceEncoder` where none is on the machine; called like one.

    Args:
        texts: to fit on.
        width: of the vectors; less where the texts hold fewer words.
        seed: of the decomposition.

    Source: Deerwester et al. 1990, "Indexing by latent semantic analysis", JASIS 41(6); here of
        words and pairs of words, weighted by rarity.

    Example:
        >>> space = WordSpace(["a red car", "a red bus", "the blue sea", "the blue sky"], width=2)
        >>> red, bus, sea = space(["red", "bus", "sea"])
        >>> float(red @ bus) > float(red @ sea)
        True
    """

    def __init__(self, texts: Sequence[str], *, width: int = 128, seed: int = 0) -> None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import Normalizer

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, preprocessor=normalise)
        counted = words.fit_transform(texts)
        few = TruncatedSVD(min(width, counted.shape[1] - 1), random_state=seed).fit(counted)
        self._steps = make_pipeline(words, few, Normalizer())

    def __call__(self, texts: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """Embed texts; one without a known word is the zero vector."""
        return np.asarray(self._steps.transform(list(texts)), np.float32)
