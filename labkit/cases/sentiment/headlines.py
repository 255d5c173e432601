"""Headlines and report sentences with their sentiment, cleaned, freed of copies and divided."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import numpy as np

from labkit import data
from labkit.cases.readers import Labelled
from labkit.data.prepare.splits import stratified_split
from labkit.data.prepare.text import alike_groups, normalise
from labkit.errors import ArgumentError
from labkit.types import Int

__all__ = ["SENTIMENTS", "Divided", "clean", "divide", "headlines", "without_copies"]

#: What a text may say of the company or the price that it speaks of, in the order of the labels.
SENTIMENTS = ("negative", "neutral", "positive")
_SPLITS = {
    "twitter_financial_sample": "val",
    "twitter_financial_news": "val",
    "financial_phrasebank": "all",
}
_CALLED = {"bearish": "negative", "bullish": "positive"}
_ADDRESS = re.compile(r"https?:\S*|…")


@dataclass(frozen=True)
class Divided:
    """Labelled texts on three sides.

    Attributes:
        train: to learn from.
        validation: to choose by.
        test: to report on, once.
    """

    train: Labelled
    validation: Labelled
    test: Labelled


def headlines(dataset: str = "twitter_financial_sample") -> Labelled:
    """A set of labelled headlines or sentences, as published but for `clean`; copies included.

    Args:
        dataset: ``"twitter_financial_sample"`` (in the package), ``"twitter_financial_news"`` or
            ``"financial_phrasebank"``.

    Raises:
        ArgumentError: another set.
        OfflineError: the set is not on this machine.

    Example:
        >>> found = headlines()
        >>> len(found.texts), [SENTIMENTS[label] for label in found.labels[:2]]
        (1200, ['negative', 'negative'])
    """
    if dataset not in _SPLITS:
        raise ArgumentError("dataset", required=f"one of {', '.join(_SPLITS)}", got=dataset)
    part = data.load(dataset, split=_SPLITS[dataset])
    names = [_CALLED.get(name, name) for name in part.class_names]
    labels = np.array([SENTIMENTS.index(name) for name in names])[part.targets]
    return Labelled([clean(str(text)) for text in part.inputs], labels.astype(np.int32))


def clean(text: str) -> str:
    """A text without web addresses and marks of where a post was cut; accents and case stay.

    Example:
        >>> clean("AT&amp;T rises …  https://t.co/pCFxistRTq")
        'AT&T rises'
    """
    plain = _ADDRESS.sub(" ", html.unescape(text))
    return normalise(plain, lower=False, accents=True)


def without_copies(found: Labelled) -> tuple[Labelled, int, int]:
    """Each text once: of texts with the same words the first, and none where labels disagree.

    Returns:
        what is left; how many copies went; how many texts went because their labels disagree.

    Example:
        >>> left, copies, disputed = without_copies(
        ...     Labelled(["Up!", "up", "Down", "down", "Flat"], np.array([2, 2, 0, 1, 1]))
        ... )
        >>> left.texts, copies, disputed
        (['Up!', 'Flat'], 1, 2)
    """
    rows_of: dict[str, list[int]] = {}
    for row, text in enumerate(found.texts):
        key = " ".join(re.findall(r"\w+", text.casefold())) or text
        rows_of.setdefault(key, []).append(row)
    agreed = [rows for rows in rows_of.values() if len({int(found.labels[r]) for r in rows}) == 1]
    kept = np.array(sorted(rows[0] for rows in agreed), int)
    copies = sum(len(rows) - 1 for rows in agreed)
    return found.take(kept), copies, len(found.texts) - copies - len(kept)


def divide(
    found: Labelled,
    *,
    groups: Int[np.ndarray, " n"] | None = None,
    test: float = 0.2,
    validation: float = 0.1,
    seed: int = 0,
) -> Divided:
    """Divide with the same share of each sentiment on all sides, and what is alike on one side.

    Neither set has an official test part that would do for all: this division, by its seed, is
    the one that results speak of.

    Args:
        found: texts without copies.
        groups: of texts that stay on one side; `labkit.data.prepare.text.alike_groups` where None.
        test: share of the groups.
        validation: share of the groups.
        seed: of the shuffle.

    Example:
        >>> sides = divide(without_copies(headlines())[0])
        >>> len(sides.train.texts) > 6 * len(sides.validation.texts)
        True
    """
    groups = alike_groups(found.texts) if groups is None else groups
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    split = stratified_split(found.labels[first], test=test, validation=validation, seed=seed)
    sides = (
        found.take(np.flatnonzero(np.isin(member, chosen)))
        for chosen in (split.train, split.validation, split.test)
    )
    return Divided(*sides)
