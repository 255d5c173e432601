"""How well entities are found: an entity counts when its kind and both its ends are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate.classification import ClassificationReport, classification_report
from labkit.types import Sentences

__all__ = [
    "Entity",
    "EntityErrors",
    "EntityReport",
    "entities_of",
    "entity_errors",
    "entity_report",
    "token_report",
]


class Entity(NamedTuple):
    """Words ``start`` to ``end`` (one past the last) of a sentence, and what they name."""

    start: int
    end: int
    kind: str


def entities_of(tags: Sequence[str]) -> tuple[Entity, ...]:
    """The entities of one sentence in IOB2 (or IOB1) tags.

    An ``I-`` that continues no entity of its kind begins one, as in the evaluation of CoNLL.

    Example:
        >>> entities_of(["B-PER", "I-PER", "O", "I-LOC"])
        (Entity(start=0, end=2, kind='PER'), Entity(start=3, end=4, kind='LOC'))
    """
    found: list[Entity] = []
    start, kind = 0, ""
    for place, tag in enumerate((*tags, "O")):
        goes_on = tag[0] == "I" and tag[2:] == kind
        if kind and not goes_on:
            found.append(Entity(start, place, kind))
            kind = ""
        if tag != "O" and not goes_on:
            start, kind = place, tag[2:]
    return tuple(found)


@dataclass(frozen=True)
class EntityReport:
    """Scores of each kind of entity, and over all.

    Attributes:
        kinds: of entities, in alphabetical order.
        precision: share of the entities found of the kind that are right.
        recall: share of the true entities of the kind that are found.
        f1: the harmonic mean of the two.
        support: true entities of the kind.
        counts: of each sentence: entities right, found, true (n 3); what a bootstrap draws from.

    A score whose denominator is 0 is 0, as in seqeval.
    """

    kinds: tuple[str, ...]
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    counts: np.ndarray

    @property
    def micro(self) -> tuple[float, float, float]:
        """Precision, recall and F1 over all entities, whatever their kind."""
        right, found, true = self.counts.sum(0).tolist()
        return _scores(right, found, true)

    @property
    def micro_f1(self) -> float:
        """The F1 that is meant where only "entity F1" is said."""
        return self.micro[2]

    @property
    def macro(self) -> tuple[float, float, float]:
        """The means over the kinds, each counting alike."""
        return tuple(float(part.mean()) if len(part) else 0.0 for part in self._parts)  # type: ignore[return-value]

    @property
    def weighted(self) -> tuple[float, float, float]:
        """The means over the kinds, each counting by its true entities."""
        if not self.support.sum():
            return 0.0, 0.0, 0.0
        return tuple(float(np.average(part, weights=self.support)) for part in self._parts)  # type: ignore[return-value]

    @property
    def _parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.precision, self.recall, self.f1

    def __str__(self) -> str:
        width = max(12, *map(len, self.kinds), 0) if self.kinds else 12
        rows = list(zip(self.kinds, *self._parts, self.support, strict=True))
        total = int(self.support.sum())
        means = (("micro", self.micro), ("macro", self.macro), ("weighted", self.weighted))
        rows += [(f"{name} mean", *values, total) for name, values in means]
        lines = [f"{'entity':<{width}}  precision  recall     F1  support"]
        lines += [f"{n:<{width}}  {p:9.3f}  {r:6.3f}  {f:5.3f}  {s:7d}" for n, p, r, f, s in rows]
        return "\n".join(lines)


def entity_report(true: Sentences, predicted: Sentences) -> EntityReport:
    """Precision, recall and F1 of whole entities.

    Args:
        true: the tags of each sentence.
        predicted: as many tags for each sentence.

    Raises:
        ShapeError: another number of sentences or of tags.

    Source: Tjong Kim Sang and De Meulder 2003, section 2.3; equal to seqeval in its default mode.

    Example:
        >>> report = entity_report([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]])
        >>> report.micro_f1  # one end is wrong, so the entity is
        0.0
    """
    _same_lengths(true, predicted)
    pairs = [
        (set(entities_of(a)), set(entities_of(b))) for a, b in zip(true, predicted, strict=True)
    ]
    kinds = sorted({entity.kind for pair in pairs for side in pair for entity in side})
    numbers = {kind: number for number, kind in enumerate(kinds)}
    by_kind = np.zeros((3, len(kinds)), np.int64)
    for there, found in pairs:
        for row, entities in enumerate((there & found, found, there)):
            np.add.at(by_kind[row], [numbers[entity.kind] for entity in entities], 1)
    scores = np.array([_scores(*column) for column in by_kind.T.tolist()]).reshape(-1, 3)
    counts = np.array([(len(a & b), len(b), len(a)) for a, b in pairs]).reshape(-1, 3)
    precision, recall, f1 = scores.T
    return EntityReport(tuple(kinds), precision, recall, f1, by_kind[2], counts)


class EntityErrors(NamedTuple):
    """What became of the true entities, and what was found beside them.

    Attributes:
        right: found, kind and both ends.
        wrong_kind: both ends are right.
        wrong_ends: shares a word with one that was found, of whatever kind.
        missed: no word of it was found.
        invented: found, and shares no word with a true one.
    """

    right: int
    wrong_kind: int
    wrong_ends: int
    missed: int
    invented: int


def entity_errors(true: Sentences, predicted: Sentences) -> EntityErrors:
    """Sort the mistakes; each true entity is in one of the first four counts.

    Raises:
        ShapeError: another number of sentences or of tags.

    Example:
        >>> entity_errors([["B-PER", "I-PER", "O"]], [["B-LOC", "I-LOC", "B-PER"]])
        EntityErrors(right=0, wrong_kind=1, wrong_ends=0, missed=0, invented=1)
    """
    _same_lengths(true, predicted)
    counts = np.zeros(5, np.int64)
    for tags, guesses in zip(true, predicted, strict=True):
        there, found = entities_of(tags), entities_of(guesses)
        for entity in there:
            counts[_fate(entity, found)] += 1
        counts[4] += sum(not any(_overlap(guess, entity) for entity in there) for guess in found)
    return EntityErrors(*counts.tolist())


def _fate(entity: Entity, found: Sequence[Entity]) -> int:
    if entity in found:
        return 0
    if any(guess[:2] == entity[:2] for guess in found):
        return 1
    return 2 if any(_overlap(guess, entity) for guess in found) else 3


def _overlap(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end


def token_report(true: Sentences, predicted: Sentences) -> ClassificationReport:
    """The report of every word's tag, as if each word were an example of its own.

    Most words are ``O``, which is easy: the weighted mean flatters (see `entity_report`).

    Raises:
        ShapeError: another number of sentences or of tags; no word at all.

    Example:
        >>> token_report([["B-PER", "O"]], [["O", "O"]]).accuracy
        0.5
    """
    _same_lengths(true, predicted)
    rows = [[tag for sentence in side for tag in sentence] for side in (true, predicted)]
    if not rows[0]:
        raise ArgumentError("true", required="at least one word", got=0)
    names = sorted({*rows[0], *rows[1]}, key=lambda tag: (tag != "O", tag[2:], tag))
    numbers = {name: number for number, name in enumerate(names)}
    labels = [[numbers[tag] for tag in row] for row in rows]
    return classification_report(*labels, class_names=tuple(names))


def _same_lengths(true: Sentences, predicted: Sentences) -> None:
    lengths, others = [len(row) for row in true], [len(row) for row in predicted]
    if lengths != others:
        wrong = [i for i, (a, b) in enumerate(zip(lengths, others, strict=False)) if a != b]
        where = (
            f"sentence {wrong[0]}: {others[wrong[0]]} for {lengths[wrong[0]]}"
            if wrong
            else (f"{len(others)} sentences for {len(lengths)}")
        )
        raise ShapeError("predicted", required="one tag for each true tag", got=where)


def _scores(right: float, found: float, true: float) -> tuple[float, float, float]:
    precision = float(right / found) if found else 0.0
    recall = float(right / true) if true else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0
