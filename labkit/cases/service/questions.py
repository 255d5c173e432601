"""The questions of banking77, divided; some intents held out as what the desk does not know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit import data
from labkit.cases.readers import Labelled
from labkit.data.prepare.splits import stratified_split
from labkit.errors import ArgumentError

__all__ = ["Bank", "prepare"]


@dataclass(frozen=True)
class Bank:
    """Everything that is learned from and scored on.

    Attributes:
        names: of the intents that the desk knows.
        train: questions to learn from: the official training part, less validation.
        validation: a part of the official training part, to choose by.
        test: the official test questions of the known intents.
        outside: the official test questions of the intents held out; their labels count the
            names held out.
        outside_names: of those intents.
    """

    names: tuple[str, ...]
    train: Labelled
    validation: Labelled
    test: Labelled
    outside: Labelled
    outside_names: tuple[str, ...]


def prepare(
    dataset: str = "banking77_sample",
    *,
    held_out: int = 0,
    validation: float = 0.1,
    seed: int = 0,
) -> Bank:
    """Divide a set of questions; nothing of the test part is looked at before the end.

    Args:
        dataset: ``"banking77_sample"`` (in the package) or ``"banking77"``.
        held_out: how many intents are drawn as out of scope.
        validation: share of the training questions set aside, of every intent alike.
        seed: of the draw and of the division.

    Raises:
        ArgumentError: fewer than two intents would be left.
        OfflineError: the set is not on this machine.

    Example:
        >>> bank = prepare(held_out=4)
        >>> len(bank.names), len(bank.train.texts), len(bank.test.texts), len(bank.outside.texts)
        (16, 720, 320, 80)
    """
    train, test = data.load(dataset, split="train"), data.load(dataset, split="test")
    count = len(train.class_names)
    if not 0 <= held_out <= count - 2:
        raise ArgumentError("held_out", required=f"0 to {count - 2}", got=held_out)
    order = np.random.default_rng(seed).permutation(count)
    outside, known = np.sort(order[:held_out]), np.sort(order[held_out:])
    learned = _of(train, known)
    split = stratified_split(learned.labels, test=validation, seed=seed)
    return Bank(
        names=tuple(train.class_names[i] for i in known),
        train=learned.take(split.train),
        validation=learned.take(split.test),
        test=_of(test, known),
        outside=_of(test, outside),
        outside_names=tuple(train.class_names[i] for i in outside),
    )


def _of(part: data.Dataset, intents: np.ndarray) -> Labelled:
    """The questions of these intents, which are counted anew."""
    rows = np.flatnonzero(np.isin(part.targets, intents))
    labels = np.searchsorted(intents, part.targets[rows])
    return Labelled([str(text) for text in part.inputs[rows]], labels.astype(np.int32))
