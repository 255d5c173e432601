"""Two ways to a tagger: from scratch, and from a pretrained encoder; and how each is trained."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
from flax import nnx
from numpy.typing import NDArray

from labkit import evaluate, models, train
from labkit.cases.entities.encoding import (
    NUM_SHAPES,
    Encoded,
    Encoding,
    PieceEncoding,
    WordEncoding,
)
from labkit.cases.entities.finder import EntityFinder
from labkit.data import Dataset
from labkit.data.prepare.text import tag_rows
from labkit.errors import ArgumentError

__all__ = ["EncoderRecipe", "ScratchRecipe", "joined", "train_encoder", "train_scratch"]


@dataclass(frozen=True)
class ScratchRecipe:
    """A BiLSTM-CRF with a character CNN, nothing pretrained.

    Attributes:
        epochs: passes over the sentences.
        rate: the highest learning rate of Adam.
        batch_size: sentences of a step.
        keep_empty: share of the sentences without an entity that an epoch takes, drawn anew.
        unknown: a word seen n times is hidden in training with probability unknown/(unknown + n),
            so that the tagger learns to go by the form and the neighbours of a word it does not
            know.
        dropout: share of the features hidden in training.
        crf: whether tags are chosen together.
        boundaries: lengths that batches are padded to, in words; a program is compiled for each.
    """

    epochs: int = 15
    rate: float = 3e-3
    batch_size: int = 16
    keep_empty: float = 0.2
    unknown: float = 0.5
    dropout: float = 0.5
    crf: bool = True
    boundaries: tuple[int, ...] = (8, 16, 24, 32, 48, 112)


@dataclass(frozen=True)
class EncoderRecipe:
    """A pretrained encoder, fine-tuned whole or through low-rank adapters.

    Attributes:
        epochs: passes over the sentences.
        rate: the highest learning rate of the encoder, or of its adapters.
        head_rate: that of what is new: the form of words, the head, the chain of tags.
        batch_size: sentences of a step.
        keep_empty: share of the sentences without an entity that an epoch takes, drawn anew.
        dropout: share of the features of the head hidden in training.
        rank: of the adapters; 0 to fine-tune the encoder whole.
        crf: whether tags are chosen together.
    """

    epochs: int = 2
    rate: float = 1e-4
    head_rate: float = 1e-3
    batch_size: int = 16
    keep_empty: float = 0.3
    dropout: float = 0.2
    rank: int = 0
    crf: bool = True

    @classmethod
    def full(cls) -> EncoderRecipe:
        """All weights of the encoder are learned."""
        return cls()

    @classmethod
    def lora(cls) -> EncoderRecipe:
        """The encoder stays; adapters of rank 16 on its dense layers are learned."""
        return cls(epochs=3, rate=1e-3, rank=16)


def train_scratch(
    recipe: ScratchRecipe,
    learned: Dataset,
    *,
    seed: int = 0,
    validation: Dataset | None = None,
) -> tuple[EntityFinder, train.History]:
    """Train a tagger whose every number comes from the training sentences.

    Args:
        recipe: how.
        learned: tagged sentences.
        seed: of the parameters, of dropout and of the order.
        validation: sentences whose entity F1 is kept after each epoch, never trained on.

    Returns:
        The product, and how training went.
    """
    encoding = WordEncoding.learn(learned.inputs, recipe.boundaries)
    config = models.TaggerConfig(
        len(learned.class_names),
        len(encoding.words),
        len(encoding.characters),
        NUM_SHAPES,
        dropout=recipe.dropout,
        crf=recipe.crf,
    )
    model = models.Tagger(config, rngs=nnx.Rngs(seed))
    encoded = encoding(learned.inputs)
    seen = np.bincount(encoded.rows[..., 0].ravel(), minlength=len(encoding.words))
    hide = recipe.unknown / (recipe.unknown + seen)
    hide[0] = 0  # padding stays padding

    def with_unknown_words(generator: np.random.Generator, batch: NDArray) -> NDArray:
        batch = batch.copy()
        words = batch[..., 0]
        words[generator.random(words.shape) < hide[words]] = 1
        return batch

    optimizer = train.clipped(train.adamw(_rate(recipe.rate, recipe, learned, warmup=0.05)), 5.0)
    return _trained(
        recipe, model, encoding, encoded, learned, optimizer, seed, validation,
        augment=with_unknown_words,
    )  # fmt: skip


def train_encoder(
    recipe: EncoderRecipe,
    learned: Dataset,
    *,
    seed: int = 0,
    validation: Dataset | None = None,
    folder: str | Path | None = None,
) -> tuple[EntityFinder, train.History]:
    """Fine-tune a pretrained encoder; adapters are merged in at the end.

    Args:
        recipe: how.
        learned: tagged sentences.
        seed: of the new parameters, of dropout and of the order.
        validation: sentences whose entity F1 is kept after each epoch, never trained on.
        folder: of a BERT-type model; the installed all-MiniLM-L6-v2 if not given.

    Returns:
        The product, and how training went.

    Raises:
        OfflineError: no folder is given and all-MiniLM-L6-v2 is not installed.
    """
    folder = models.minilm_folder() if folder is None else folder
    encoding = PieceEncoding.learn(learned.inputs, folder)
    alphabet = len(encoding.characters)
    config = models.TaggerConfig(
        len(learned.class_names), 1, alphabet, NUM_SHAPES, dropout=recipe.dropout, crf=recipe.crf
    )
    model = models.EncoderTagger(models.load_bert(folder), config, rngs=nnx.Rngs(seed))
    if recipe.rank:
        model = models.with_lora(
            model,
            recipe.rank,
            alpha=2.0 * recipe.rank,
            where=_in_encoder,
            rngs=nnx.Rngs(seed + 1),
        )
    slow = train.adamw(_rate(recipe.rate, recipe, learned), weight_decay=0.01)
    fast = train.adamw(_rate(recipe.head_rate, recipe, learned))
    both = optax.multi_transform({"encoder": slow, "rest": fast}, _by_part)
    encoded = encoding(learned.inputs)
    found, history = _trained(
        recipe, model, encoding, encoded, learned, train.clipped(both, 1.0), seed, validation,
        trained=_adapters_and_new if recipe.rank else nnx.Param,
    )  # fmt: skip
    if recipe.rank:
        merged = models.merge_lora(found.model)
        found = EntityFinder(merged, encoding, found.tag_names, found.train_s)
    return found, history


def joined(first: Dataset, second: Dataset) -> Dataset:
    """Two splits of one set as one, to train on once the recipe is chosen.

    Raises:
        ArgumentError: they do not have the same tags.
    """
    if first.class_names != second.class_names:
        raise ArgumentError("second", required=f"of {first.class_names}", got=second.class_names)
    return dataclasses.replace(
        first,
        split=f"{first.split} and {second.split}",
        inputs=np.concatenate([first.inputs, second.inputs]),
        targets=np.concatenate([first.targets, second.targets]),
    )


def _trained(
    recipe: ScratchRecipe | EncoderRecipe,
    model: nnx.Module,
    encoding: Encoding,
    encoded: Encoded,
    learned: Dataset,
    optimizer: optax.GradientTransformation,
    seed: int,
    validation: Dataset | None,
    **options: Any,
) -> tuple[EntityFinder, train.History]:
    names = learned.class_names
    cut = [learned.targets[number][start:stop] for number, start, stop in encoded.windows]
    targets = tag_rows(cut, names, encoded.rows.shape[1])
    named = np.asarray(targets.any(axis=1))

    def rows_of_an_epoch(generator: np.random.Generator) -> NDArray[np.intp]:
        return np.flatnonzero(named | (generator.random(len(named)) < recipe.keep_empty))

    def entity_f1(model: nnx.Module) -> Mapping[str, float]:
        if validation is None:
            return {}
        tags = EntityFinder(model, encoding, names, 0.0).tag(validation.inputs)
        return {"entity_f1": evaluate.entity_report(validation.targets, tags).micro_f1}

    began = time.perf_counter()
    history = train.fit_sequences(
        model, encoded.rows, targets, encoded.lengths,
        epochs=recipe.epochs, boundaries=encoding.boundaries, optimizer=optimizer,
        batch_size=recipe.batch_size, choose=rows_of_an_epoch, seed=seed,
        after_epoch=entity_f1, **options,
    )  # fmt: skip
    return EntityFinder(model, encoding, names, time.perf_counter() - began), history


def _rate(
    peak: float, recipe: ScratchRecipe | EncoderRecipe, learned: Dataset, *, warmup: float = 0.1
) -> Callable:
    """A rate that sinks to almost nothing over about as many steps as there will be."""
    named = np.mean([any(tag != "O" for tag in tags) for tags in learned.targets])
    taken = len(learned) * (named + recipe.keep_empty * (1 - named))
    steps = int(taken / recipe.batch_size + 4) * recipe.epochs  # each bucket ends in a short batch
    return train.warmup_cosine(peak, steps, warmup=warmup)


def _adapters_and_new(path: tuple, value: object) -> bool:
    """Whether a parameter is learned beside an encoder that stays."""
    return isinstance(value, nnx.LoRAParam) or str(path[0]) != "encoder"


def _in_encoder(name: str) -> bool:
    return name.startswith("encoder")


def _by_part(params: Mapping[str, object]) -> dict[str, object]:
    """Which of the two optimizers moves each parameter."""
    return {
        name: jax.tree.map(lambda _, part=name: "encoder" if part == "encoder" else "rest", below)
        for name, below in params.items()
    }
