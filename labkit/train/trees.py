"""Fit trees, and return what training a network returns: a history, tree by tree."""

from __future__ import annotations

import time

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from labkit.models import Trees
from labkit.train.fit import FitResult
from labkit.train.history import EpochRecord, History
from labkit.train.losses import accuracy, cross_entropy, mean_squared_error

__all__ = ["fit_trees"]


def fit_trees(
    model: Trees,
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
) -> FitResult:
    """Fit ``model`` in place; an "epoch" of the history is one more tree of the sum.

    Args:
        model: a tree or a boosted sum of trees.
        inputs: examples (n f); images are flattened.
        targets: classes as integers, or numbers to predict.
        validation: inputs and targets that are scored after each tree, never fitted to.

    Returns:
        The same result as ``fit``: curves of ``loss``, and of ``accuracy`` where there are
        classes.

    Raises:
        ShapeError: inputs and targets that do not fit each other.
        ArgumentError: targets that are not the model's classes.

    Example:
        >>> from labkit.models import TreesConfig
        >>> model = Trees(TreesConfig.boosting(2, stages=5))
        >>> result = fit_trees(model, [[1.0], [2.0], [8.0], [9.0]], [0, 0, 1, 1])
        >>> result.history.curve("accuracy").tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    began = time.perf_counter()
    model.learn(inputs, targets)
    seconds = (time.perf_counter() - began) / max(model.config.stages, 1)
    train = _scores(model, inputs, targets)
    held_out = [{}] * len(train) if validation is None else _scores(model, *validation)
    records = tuple(
        EpochRecord(number, seconds, *scores)
        for number, scores in enumerate(zip(train, held_out, strict=True), 1)
    )
    losses = np.array([record.train["loss"] for record in records], np.float32)
    watched = [(record.validation or record.train)["loss"] for record in records]
    return FitResult(History(records, losses), "completed", int(np.argmin(watched)) + 1)


def _scores(model: Trees, inputs: ArrayLike, targets: ArrayLike) -> list[dict[str, float]]:
    y = jnp.asarray(targets)
    found = []
    for outputs in map(jnp.asarray, model.staged(inputs)):
        if model.config.num_classes:
            scores = {"loss": cross_entropy(outputs, y), "accuracy": accuracy(outputs, y)}
        else:
            scores = {"loss": mean_squared_error(outputs[:, 0], jnp.asarray(y, jnp.float32))}
        found.append({name: float(value) for name, value in scores.items()})
    return found
