"""Counted words, tuned; and the network that reads, from nothing or from a pretrained encoder."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from sklearn.pipeline import Pipeline

from labkit import evaluate, models
from labkit.cases import readers
from labkit.cases.readers import Labelled
from labkit.cases.sentiment.headlines import SENTIMENTS, Divided
from labkit.types import Float, Int, Num

__all__ = ["STRENGTHS", "TextModel", "TunedWords", "train_encoder", "train_scratch", "tune_words"]

#: Values of C that are tried, the inverse of the regularisation.
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

_STEP, _LONGEST, _BATCH = 16, 128, 64  # tokens, tokens, texts


@dataclass(frozen=True)
class TunedWords:
    """Counted words at the strength that the validation part speaks for.

    Attributes:
        model: fitted on the training part.
        strength: C of the model.
        scores: macro F1 on the validation part, for each of `STRENGTHS`.
        train_s: seconds of the fit at that strength, measured.
    """

    model: Pipeline
    strength: float
    scores: tuple[float, ...]
    train_s: float


def tune_words(
    parts: Divided,
    *,
    beside: Callable[[Sequence[str]], Num[np.ndarray, "n f"]] | None = None,
    balanced: bool = True,
) -> TunedWords:
    """Fit counted words at each strength and keep the one with the highest macro F1 on validation.

    Args:
        parts: the training part is learned from, the validation part chosen by.
        beside: further numbers of texts (n), which the classifier sees beside the words.
        balanced: whether the sentiments weigh alike in the fit, however rare.
    """
    tried = []
    for strength in STRENGTHS:
        began = time.perf_counter()
        model = readers.count_words(
            parts.train, strength=strength, beside=beside, balanced=balanced
        )
        seconds = time.perf_counter() - began
        predicted = model.predict(parts.validation.texts)
        tried.append((model, evaluate.macro_f1(parts.validation.labels, predicted), seconds))
    scores = tuple(score for _, score, _ in tried)
    best = int(np.argmax(scores))
    return TunedWords(tried[best][0], STRENGTHS[best], scores, tried[best][2])


class TextModel:
    """A trained network with all that it needs to read raw texts.

    Args:
        model: from tokens to a score for each sentiment.
        tokens: texts to rows of tokens.
        train_s: seconds of training, measured.
    """

    def __init__(
        self,
        model: models.TextClassifier,
        tokens: Callable[[Sequence[str]], Int[np.ndarray, "n t"]],
        train_s: float,
    ) -> None:
        self._tokens, self.train_s = tokens, train_s
        graph, self._weights = nnx.split(models.in_evaluation_mode(model))
        self._program = jax.jit(lambda weights, rows: nnx.merge(graph, weights)(rows))

    def probabilities(self, texts: Sequence[str]) -> Float[np.ndarray, "n 3"]:
        """Of the three sentiments; texts of like length are read together."""
        rows = self._tokens(texts)
        order = np.argsort((rows != 0).sum(1), kind="stable")
        found = np.empty((len(rows), len(SENTIMENTS)), np.float32)
        size = 1 if len(rows) == 1 else _BATCH  # two programs: one text, and many
        for start in range(0, len(rows), size):
            chosen = order[start : start + size]
            batch = np.zeros((size, rows.shape[1]), np.int32)
            batch[: len(chosen)] = rows[chosen]
            logits = self._program(self._weights, batch)
            found[chosen] = np.asarray(jax.nn.softmax(logits, axis=-1))[: len(chosen)]
        return found

    def predict(self, texts: Sequence[str]) -> Int[np.ndarray, " n"]:
        """The likeliest sentiment of each text."""
        return self.probabilities(texts).argmax(1)

    def served(self, text: str) -> tuple[Callable[..., Any], tuple[Any, np.ndarray]]:
        """What a request computes: a program and its arguments, for `labkit.perf.demand`."""
        return self._program, (self._weights, self._tokens([text]))

    @property
    def size_bytes(self) -> int:
        """Of the weights."""
        return sum(leaf.nbytes for leaf in jax.tree.leaves(self._weights))


def train_scratch(learned: Labelled, *, epochs: int = 12, seed: int = 0) -> TextModel:
    """A small encoder that has read nothing but these texts.

    Args:
        learned: texts to learn from.
        epochs: passes over them.
        seed: of parameters and order.
    """
    began = time.perf_counter()
    rows = readers.WordRows(learned.texts, length=32)
    model = readers.read_from_scratch(learned, rows, len(SENTIMENTS), epochs=epochs, seed=seed)
    return TextModel(model, rows.tokens, time.perf_counter() - began)


def train_encoder(
    learned: Labelled,
    encoder: models.SentenceEncoder,
    *,
    epochs: int = 3,
    rate: float = 1e-4,
    validation: Labelled | None = None,
    checkpoint_dir: str | Path | None = None,
    seed: int = 0,
) -> TextModel:
    """A pretrained encoder, trained on from a linear probe on its vectors.

    Args:
        learned: texts to learn from.
        encoder: its own weights are left alone.
        epochs: passes over the texts.
        rate: highest learning rate.
        validation: scored after each epoch.
        checkpoint_dir: where the run is stored, and gone on from.
        seed: of the order.
    """
    began = time.perf_counter()
    length = token_length(encoder, learned.texts)
    head = readers.probe(encoder(learned.texts), learned.labels, strengths=(10.0,), seed=seed)
    model, _ = readers.fine_tune(
        encoder,
        learned,
        head,
        epochs=epochs,
        rate=rate,
        length=length,
        validation=validation,
        checkpoint_dir=checkpoint_dir,
        seed=seed,
    )
    tokens = functools.partial(encoder.tokens, length=length)
    return TextModel(model, tokens, time.perf_counter() - began)


def token_length(encoder: models.SentenceEncoder, texts: Sequence[str]) -> int:
    """Tokens that hold 99 of 100 texts whole, filled up to a multiple of 16, at least 32."""
    used = (encoder.tokens(texts, length=_LONGEST) != 0).sum(1)
    return max(2, -(-int(np.quantile(used, 0.99)) // _STEP)) * _STEP
