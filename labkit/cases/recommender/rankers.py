"""Ways to rank: each learns from a division and scores every item for every user."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from labkit import models, train
from labkit.cases.recommender.division import Division
from labkit.types import Float, Int

__all__ = [
    "RANKERS",
    "Ranker",
    "blend",
    "item_knn",
    "item_regression",
    "least_squares",
    "next_item",
    "pairwise",
    "popularity",
    "recent_knn",
    "successors",
    "two_tower",
]

#: Learns from what is known in a division; returns scores (n m).
Ranker: TypeAlias = Callable[[Division], Float[np.ndarray, "n m"]]


def popularity(division: Division) -> Float[np.ndarray, "n m"]:
    """The same list for everyone: what most users liked."""
    counts = division.history.sum(axis=0).astype(np.float32)
    return np.broadcast_to(counts, division.history.shape)


def item_knn(
    division: Division, *, neighbours: int = 100, shrinkage: float = 50.0
) -> Float[np.ndarray, "n m"]:
    """Items like those the user liked."""
    model = models.ItemKNN.of(division.history, neighbours=neighbours, shrinkage=shrinkage)
    return model.scores(division.history)


def recent_knn(
    division: Division, *, neighbours: int = 100, shrinkage: float = 50.0, decay: float = 0.9
) -> Float[np.ndarray, "n m"]:
    """Items like those the user liked lately: each like counts ``decay`` times the one after it."""
    model = models.ItemKNN.of(division.history, neighbours=neighbours, shrinkage=shrinkage)
    return model.scores(_fading(division, decay))


def item_regression(
    division: Division, *, regularisation: float = 100.0, decay: float = 1.0
) -> Float[np.ndarray, "n m"]:
    """Each item foretold from all others by ridge regression; old likes may fade."""
    model = models.ItemRegression.of(division.history, regularisation=regularisation)
    return model.scores(_fading(division, decay))


def least_squares(
    division: Division,
    *,
    factors: int = 32,
    weight: float = 1.0,
    regularisation: float = 5.0,
    sweeps: int = 8,
    seed: int = 0,
) -> Float[np.ndarray, "n m"]:
    """Matrix factors by alternating least squares."""
    found = train.fit_als(
        division.history,
        factors=factors,
        weight=weight,
        regularisation=regularisation,
        sweeps=sweeps,
        seed=seed,
    )
    return found.scores()


def pairwise(
    division: Division,
    *,
    factors: int = 32,
    epochs: int = 30,
    rate: float = 0.01,
    seed: int = 0,
) -> Float[np.ndarray, "n m"]:
    """Matrix factors by steps on pairs: a liked item is to fit better than one drawn at random."""
    users, items = np.nonzero(division.history)
    num_users, num_items = division.history.shape
    model = models.PairFactors(num_users, num_items, factors, rngs=nnx.Rngs(seed))
    train.fit(
        model,
        np.stack([users, items, items], axis=1),
        np.zeros(len(users), np.float32),
        epochs=epochs,
        batch_size=min(256, len(users)),
        optimizer=train.adamw(rate, weight_decay=1e-3),
        loss=train.pairwise_loss,
        metrics=(),
        augment=train.draw_others(division.ratings.num_items),
        seed=seed,
        progress=False,
    )
    return model.factors().scores()


def two_tower(
    division: Division,
    texts: Float[np.ndarray, "m e"],
    *,
    width: int = 32,
    epochs: int = 10,
    rate: float = 2e-3,
    seed: int = 0,
) -> Float[np.ndarray, "n m"]:
    """A tower over the mean text of what the user liked, and one over an item's own text.

    Args:
        division: what is known.
        texts: embeddings of the items' titles and genres.
        width: of the vectors that meet.
        epochs: passes over the likes.
        rate: of AdamW.
        seed: of parameters and order.
    """
    history = division.history.astype(np.float32)
    mean = history @ texts / np.maximum(history.sum(axis=1, keepdims=True), 1.0)
    users, items = np.nonzero(division.history)
    model = models.TwoTower(mean, texts, history.sum(axis=0), width, rngs=nnx.Rngs(seed))
    train.fit(
        model,
        np.stack([users, items], axis=1),
        np.zeros(len(users), np.float32),
        epochs=epochs,
        batch_size=min(256, len(users)),
        optimizer=train.adamw(rate, weight_decay=1e-2),
        loss=train.all_against_all,
        metrics=(),
        seed=seed,
        progress=False,
    )
    return model.factors().scores()


def successors(
    division: Division, *, reach: int = 5, shrinkage: float = 20.0, decay: float = 0.9
) -> Float[np.ndarray, "n m"]:
    """Items that others liked soon after what the user liked; old likes fade."""
    items = division.ratings.num_items
    model = models.Successors.of(division.sequences, items, reach=reach, shrinkage=shrinkage)
    return model.scores(_fading(division, decay))


def blend(division: Division) -> Float[np.ndarray, "n m"]:
    """Item regression, successors and recent kNN together: each user's scores by their spread."""
    parts = (item_regression(division, regularisation=300.0), successors(division))
    total = np.zeros(division.history.shape, np.float32)
    for scores in (*parts, recent_knn(division)):
        total += scores / np.maximum(scores.std(axis=1, keepdims=True), 1e-9)
    return total


def next_item(
    division: Division,
    *,
    length: int = 12,
    width: int = 48,
    epochs: int = 12,
    rate: float = 2e-3,
    seed: int = 0,
) -> Float[np.ndarray, "n m"]:
    """A causal transformer over each user's likes in order: which item comes next?

    Users with fewer than two likes are scored by popularity.

    Args:
        division: what is known.
        length: likes that the network sees.
        width: of its vectors.
        epochs: passes over all windows of the likes.
        rate: highest learning rate.
        seed: of parameters and order.
    """
    blank = division.ratings.num_items  # stands before a user's first like
    rows = [_windows(sequence, length + 1, blank) for sequence in division.sequences]
    windows = np.concatenate(rows)
    config = models.TransformerConfig(
        blank + 1, blank + 1, length, width=width, heads=2, layers=1, causal=True, dropout=0.2
    )
    model = models.Transformer(config, rngs=nnx.Rngs(seed))
    steps = epochs * max(1, len(windows) // 64)
    train.fit(
        model,
        windows[:, :-1],
        windows[:, 1:],
        epochs=epochs,
        batch_size=min(64, len(windows)),
        optimizer=train.adamw(train.warmup_cosine(rate, steps), weight_decay=0.05),
        loss=partial(_known_only, blank=blank),
        metrics=(),
        seed=seed,
        progress=False,
    )
    last = np.stack([_last(sequence, length, blank) for sequence in division.sequences])
    scores = models.predict(model, last, batch_size=64)[:, -1, :blank]
    few = np.array([len(sequence) < 2 for sequence in division.sequences])
    return np.where(few[:, None], popularity(division), scores)


#: Those that need nothing but a division, by name.
RANKERS: Mapping[str, Ranker] = {
    "popularity": popularity,
    "item kNN": item_knn,
    "recent kNN": recent_knn,
    "item regression": item_regression,
    "successors": successors,
    "blend": blend,
    "ALS": least_squares,
    "pairwise SGD": pairwise,
    "sequence": next_item,
}


def _fading(division: Division, decay: float) -> Float[np.ndarray, "n m"]:
    weights = np.zeros(division.history.shape, np.float32)
    for user, sequence in enumerate(division.sequences):
        weights[user, sequence] = decay ** np.arange(len(sequence))[::-1]
    return weights


def _windows(sequence: Int[np.ndarray, " l"], length: int, blank: int) -> np.ndarray:
    """Overlapping windows of a user's likes, half a window apart; a short one is filled up."""
    if len(sequence) < 2:
        return np.zeros((0, length), np.int32)
    ends: Sequence[int] = range(len(sequence), 1, -max(1, length // 2))
    return np.stack([_last(sequence[:end], length, blank) for end in ends])


def _last(sequence: Int[np.ndarray, " l"], length: int, blank: int) -> np.ndarray:
    row = np.full(length, blank, np.int32)
    tail = sequence[-length:]
    row[length - len(tail) :] = tail
    return row


def _known_only(logits: jnp.ndarray, targets: jnp.ndarray, *, blank: int) -> jnp.ndarray:
    """Mean surprise at the next item, where there is one."""
    surprise = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
    there = targets != blank
    return (surprise * there).sum() / jnp.maximum(there.sum(), 1)
