"""Four ways to tell classes of texts apart: counted words, a probe, reading anew, fine-tuning.

What the cases about whole texts share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from labkit import models, train
from labkit.data.prepare.text import Vocabulary, normalise, pad_sequences
from labkit.types import Float, Int, Num

__all__ = [
    "LENGTH",
    "Answering",
    "Labelled",
    "WordRows",
    "answering",
    "count_words",
    "fine_tune",
    "probe",
    "read_from_scratch",
]

#: Tokens of a text that a pretrained reader sees where nothing else is said.
LENGTH = 48


class Labelled(NamedTuple):
    """Texts, and the number of the class of each."""

    texts: list[str]
    labels: Int[np.ndarray, " n"]

    def take(self, rows: Int[np.ndarray, " m"]) -> Labelled:
        """These rows, in this order."""
        return Labelled([self.texts[row] for row in rows], self.labels[rows])


@runtime_checkable
class Pretrained(Protocol):
    """What is fine-tuned: `labkit.models.SentenceEncoder`, or another with these two."""

    model: models.Bert

    def tokens(self, texts: Sequence[str], *, length: int = 64) -> Int[np.ndarray, "n t"]:
        """Texts as rows of tokens."""


def count_words(
    learned: Labelled,
    *,
    strength: float = 30.0,
    beside: Callable[[Sequence[str]], Num[np.ndarray, "n f"]] | None = None,
    balanced: bool = False,
) -> Pipeline:
    """The baseline: words and pairs of words, weighted by rarity, and a linear classifier.

    Args:
        learned: texts to fit on.
        strength: the inverse of the regularisation, scikit-learn's ``C``.
        beside: further numbers of texts (n), which the classifier sees beside the words.
        balanced: whether the classes weigh alike in training, however rare.
    """
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, preprocessor=normalise)
    seen = words if beside is None else make_union(words, FunctionTransformer(beside))
    weights = "balanced" if balanced else None
    line = LogisticRegression(C=strength, max_iter=300, class_weight=weights)
    return make_pipeline(seen, line).fit(*learned)


def probe(
    vectors: Float[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    *,
    strengths: Sequence[float] = (3.0, 10.0, 30.0),
    folds: int = 3,
    seed: int = 0,
) -> LogisticRegression:
    """A linear classifier on frozen vectors, its strength chosen by cross-validation.

    Args:
        vectors: of the texts.
        labels: their classes.
        strengths: values of scikit-learn's ``C`` to try.
        folds: of the cross-validation.
        seed: of the folds.
    """
    one = LogisticRegression(max_iter=200)
    if len(strengths) == 1:
        return one.set_params(C=strengths[0]).fit(vectors, labels)
    search = GridSearchCV(
        one,
        {"C": list(strengths)},
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
    )
    return search.fit(vectors, labels).best_estimator_


class WordRows:
    """Texts as rows of word numbers, for a reader that learns from nothing.

    Args:
        texts: the vocabulary is theirs.
        length: words after which a text is cut.
    """

    def __init__(self, texts: Sequence[str], *, length: int = 24) -> None:
        self.length = length
        self.vocabulary = Vocabulary.build((self._words(text) for text in texts), at_least=2)

    def tokens(self, texts: Sequence[str]) -> Int[np.ndarray, "n t"]:
        """Numbers of words, filled up with 0."""
        rows = [self.vocabulary.encode(self._words(text)) for text in texts]
        return pad_sequences(rows, length=self.length).ids

    @staticmethod
    def _words(text: str) -> list[str]:
        plain = normalise(text)
        return "".join(c if c.isalnum() else " " for c in plain).split()


def read_from_scratch(
    learned: Labelled,
    rows: WordRows,
    num_classes: int,
    *,
    epochs: int = 12,
    width: int = 64,
    seed: int = 0,
) -> models.TextClassifier:
    """A small encoder that has read nothing but these texts."""
    config = models.BertConfig(len(rows.vocabulary), rows.length, width, 4, 1, 2 * width)
    encoder = models.Bert(config, rngs=nnx.Rngs(seed))
    model = models.TextClassifier(encoder, num_classes, rngs=nnx.Rngs(seed + 1))
    steps = epochs * (len(learned.texts) // 32)
    train.fit(
        model,
        rows.tokens(learned.texts),
        learned.labels,
        epochs=epochs,
        batch_size=32,
        optimizer=train.adamw(train.warmup_cosine(3e-3, steps), weight_decay=0.05),
        seed=seed,
        progress=False,
    )
    return model


def fine_tune(
    encoder: Pretrained,
    learned: Labelled,
    head: LogisticRegression,
    *,
    epochs: int = 2,
    rate: float = 1e-4,
    length: int = LENGTH,
    validation: Labelled | None = None,
    checkpoint_dir: str | Path | None = None,
    seed: int = 0,
) -> tuple[models.TextClassifier, train.FitResult]:
    """Train a pretrained encoder on, starting from the probe that was fitted on its vectors.

    The head begins as the probe's, so that the first steps do not pull the encoder about; the
    tables of tokens and positions stay as they are, for they hold half of the parameters and
    most of their rows are never read. Batches take texts of like length.

    Args:
        encoder: pretrained; its own weights are left alone.
        learned: texts to learn from.
        head: fitted on the encoder's vectors of them.
        epochs: passes over them.
        rate: highest learning rate.
        length: tokens after which a text is cut; all of them in nearly every text, no more.
        validation: scored after each epoch.
        checkpoint_dir: where the run is stored, and gone on from.
        seed: of the order.

    Source: Kumar et al. 2022 (arXiv:2202.10054): first the probe, then the whole.
    """
    tokens = encoder.tokens(learned.texts, length=length)
    model = models.TextClassifier(
        nnx.clone(encoder.model),
        len(head.classes_),
        lengths=(length // 3, 2 * length // 3),  # three programs: each takes long to compile
        rngs=nnx.Rngs(seed),
    )
    some = nnx.jit(lambda m, rows: m.vectors(rows))(model, jnp.asarray(tokens[:256]))
    scale = float(jnp.linalg.norm(some, axis=1).mean())  # the probe saw vectors of length 1
    start = {"kernel": head.coef_.T / scale, "bias": head.intercept_}
    nnx.update(model.head, {name: jnp.asarray(v, jnp.float32) for name, v in start.items()})
    steps = epochs * (len(learned.texts) // 32)
    schedule = train.warmup_cosine(rate, steps)
    held = validation and (encoder.tokens(validation.texts, length=length), validation.labels)
    result = train.fit(
        model,
        tokens,
        learned.labels,
        epochs=epochs,
        batch_size=32,
        optimizer=train.clipped(train.adamw(schedule, weight_decay=0.01), 1.0),
        validation=held,
        alike=(tokens != 0).sum(1),
        trained=models.part("head", "encoder.norm", "encoder.layers"),
        checkpoint_dir=checkpoint_dir,
        resume=checkpoint_dir is not None,
        seed=seed,
        progress=False,
    )
    return model, result


@dataclass(frozen=True)
class Answering:
    """A trained reader as one compiled program, from a text to the number of its class.

    Attributes:
        program: ``(weights, tokens) -> classes``; what `labkit.perf.demand` counts.
        weights: of the reader.
        tokens: texts to rows of tokens.
    """

    program: Callable[..., Any]
    weights: Any
    tokens: Callable[[Sequence[str]], Int[np.ndarray, "n t"]]

    def __call__(self, text: str) -> int:
        """The class of a text."""
        return int(self.program(*self.example(text))[0])

    def example(self, text: str) -> tuple[Any, Int[np.ndarray, "1 t"]]:
        """What the program is called with for a text."""
        return self.weights, self.tokens([text])

    @property
    def size_bytes(self) -> int:
        """Of the weights."""
        return sum(leaf.nbytes for leaf in jax.tree.leaves(self.weights))


def answering(
    model: models.TextClassifier, tokens: Callable[[Sequence[str]], Int[np.ndarray, "n t"]]
) -> Answering:
    """Compile a reader to answer one text at a time."""
    graph, weights = nnx.split(models.in_evaluation_mode(model))
    program = jax.jit(lambda held, rows: nnx.merge(graph, held)(rows).argmax(-1))
    return Answering(program, weights, tokens)
