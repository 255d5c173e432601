"""Few of one class, many of another: weigh, resample in train only, and undo it in the output."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.neighbors import NearestNeighbors

from labkit.errors import ArgumentError

__all__ = ["class_weights", "correct_prior", "oversample", "smote", "undersample"]


def class_weights(targets: ArrayLike) -> NDArray[np.float64]:
    """A weight for each class that makes all classes count the same; their mean over rows is 1.

    Args:
        targets: ``[n]`` class numbers from 0, each present.

    Raises:
        ArgumentError: a class number that is negative or skipped.

    Example:
        >>> class_weights([0, 0, 0, 1]).round(3).tolist()
        [0.667, 2.0]
    """
    counts = _counts(targets)
    return counts.sum() / (len(counts) * counts)


def oversample(targets: ArrayLike, *, seed: int = 0) -> NDArray[np.intp]:
    """Row numbers in which small classes are repeated until all are as large as the largest.

    Every row is there at least once. For training rows only: repeated before a split, the
    same row would stand on both sides.

    Example:
        >>> rows = oversample([0, 0, 0, 1])
        >>> sorted(rows.tolist())
        [0, 1, 2, 3, 3, 3]
    """
    counts, generator = _counts(targets), np.random.default_rng(seed)
    chosen = []
    for k, count in enumerate(counts):
        rows = np.flatnonzero(np.asarray(targets) == k)
        repeats, rest = divmod(int(counts.max()), int(count))
        chosen += [np.tile(rows, repeats), generator.choice(rows, rest, replace=False)]
    return generator.permutation(np.concatenate(chosen))


def undersample(targets: ArrayLike, *, seed: int = 0) -> NDArray[np.intp]:
    """Row numbers in which large classes are thinned until all are as small as the smallest.

    Example:
        >>> len(undersample([0, 0, 0, 1]))
        2
    """
    counts, generator = _counts(targets), np.random.default_rng(seed)
    labels = np.asarray(targets)
    chosen = [
        generator.choice(np.flatnonzero(labels == k), counts.min(), replace=False)
        for k in range(len(counts))
    ]
    return generator.permutation(np.concatenate(chosen))


def smote(
    inputs: ArrayLike, targets: ArrayLike, *, neighbours: int = 5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Small classes filled up with points between a row and one of its nearest of that class.

    Args:
        inputs: ``[n, f]`` scaled numbers; distances between them must mean something.
        targets: ``[n]`` class numbers from 0.
        neighbours: how many nearest rows of the same class to choose from.
        seed: of the choices.

    Returns:
        The rows given, followed by the made ones, and their targets.

    Raises:
        ArgumentError: a class that is to be filled up has only one row.

    Source: Chawla et al. 2002, https://arxiv.org/abs/1106.1813, section 4.2; base rows are
        drawn at random instead of each in turn, so that any number can be made.

    Example:
        >>> x, y = smote([[0.0], [1.0], [5.0], [6.0], [7.0]], [1, 1, 0, 0, 0])
        >>> y.tolist(), bool(0 <= x[-1, 0] <= 1)
        ([1, 1, 0, 0, 0, 1], True)
    """
    rows, labels = np.asarray(inputs, float), np.asarray(targets)
    counts, generator = _counts(labels), np.random.default_rng(seed)
    made, made_labels = [rows], [labels]
    for k in np.flatnonzero(counts < counts.max()):
        own, missing = rows[labels == k], int(counts.max() - counts[k])
        if len(own) < 2:
            raise ArgumentError("targets", required="2 rows or more of each class", got=len(own))
        reach = min(neighbours, len(own) - 1)
        near = NearestNeighbors(n_neighbors=reach + 1).fit(own).kneighbors(own)[1][:, 1:]
        base = generator.integers(len(own), size=missing)
        partner = near[base, generator.integers(reach, size=missing)]
        step = generator.random((missing, 1))
        made.append(own[base] + step * (own[partner] - own[base]))
        made_labels.append(np.full(missing, k, labels.dtype))
    return np.concatenate(made), np.concatenate(made_labels)


def correct_prior(
    probabilities: ArrayLike, *, trained: ArrayLike, true: ArrayLike
) -> NDArray[np.float64]:
    """Probabilities of a model trained on resampled classes, as they are at the true shares.

    Args:
        probabilities: ``[n, k]`` as the model gives them.
        trained: ``[k]`` share of each class in training.
        true: ``[k]`` share of each class where the model is used.

    Source: Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to
        new a priori probabilities", Neural Computation 14(1), equation 2.4.

    Example:
        >>> correct_prior([[0.5, 0.5]], trained=[0.5, 0.5], true=[0.99, 0.01]).tolist()
        [[0.99, 0.01]]
    """
    odds = np.asarray(probabilities, float) * np.asarray(true, float) / np.asarray(trained, float)
    return odds / odds.sum(axis=1, keepdims=True)


def _counts(targets: ArrayLike) -> NDArray[np.int64]:
    labels = np.asarray(targets)
    if labels.dtype.kind not in "iu" or labels.min(initial=0) < 0:
        raise ArgumentError("targets", required="class numbers from 0", got=labels[:5].tolist())
    counts = np.bincount(labels)
    if not counts.all():
        skipped = int(np.flatnonzero(counts == 0)[0])
        raise ArgumentError("targets", required="rows of every class", got=f"no row of {skipped}")
    return counts
