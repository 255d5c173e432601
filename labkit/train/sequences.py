"""Train a tagger on sequences of unequal length, those of like length in one batch."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from numpy.typing import NDArray

from labkit import kernels
from labkit.data.prepare.text import bucket_batches
from labkit.errors import ShapeError, TrainingError
from labkit.models import TagScores, padded_length
from labkit.train.checks import checked_plan
from labkit.train.history import EpochRecord, History
from labkit.train.loop import Examples, Program, Score, initial_state, train_step
from labkit.train.state import split_model, update_model
from labkit.types import Float, Int

__all__ = ["fit_sequences", "surprise_per_word"]


def surprise_per_word(scores: TagScores, targets: Int[Array, "b t"]) -> Float[Array, ""]:
    """The negative log-likelihood of the true tags, in nats, over the number of words.

    Args:
        scores: of a tagger.
        targets: the true tags; what stands from a sequence's length on does not count.

    Example:
        >>> lengths, emissions = jnp.array([2, 0]), jnp.zeros((2, 3, 4))
        >>> scores = TagScores(emissions, lengths, jnp.zeros(4), jnp.zeros((4, 4)))
        >>> float(surprise_per_word(scores, jnp.zeros((2, 3), int)))  # log 4: a blind guess
        1.386...
    """
    words = jnp.maximum(scores.lengths.sum(), 1)
    return -scores.log_likelihood(targets).sum() / words


def fit_sequences(
    model: nnx.Module,
    inputs: NDArray[np.integer],
    targets: NDArray[np.integer],
    lengths: NDArray[np.integer],
    *,
    epochs: int,
    boundaries: Sequence[int],
    optimizer: optax.GradientTransformation,
    batch_size: int = 16,
    loss: Score = surprise_per_word,
    choose: Callable[[np.random.Generator], NDArray[np.intp]] | None = None,
    augment: Callable[[np.random.Generator, NDArray], NDArray] | None = None,
    trained: nnx.filterlib.Filter = nnx.Param,
    seed: int = 0,
    after_epoch: Callable[[nnx.Module], Mapping[str, float]] | None = None,
) -> History:
    """Train ``model`` in place; each batch is padded only to the boundary of its bucket.

    `fit` runs whole epochs on the device and so wants one length for all; here a step is compiled
    for each boundary, and little of the work is done on padding. The result depends on the
    arguments alone.

    Args:
        model: called as ``model(batch)``; holds the result afterwards.
        inputs: whole numbers (n t f), 0 after the end of each sequence.
        targets: classes (n t), 0 after the end of each sequence.
        lengths: of the sequences along t (n), padding left out.
        epochs: passes over the sequences.
        boundaries: lengths to pad to, increasing, the last at least the longest.
        optimizer: an optax transformation.
        batch_size: sequences of a step; the last of a bucket is filled up with empty ones.
        loss: ``loss(outputs, targets)``; empty sequences must not count in it.
        choose: the sequences of an epoch, drawn anew for each; all if not given.
        augment: changes a batch before the model sees it.
        trained: which parameters are learned, as in `fit`.
        seed: of the order of the batches, of ``choose`` and of ``augment``.
        after_epoch: scores of the model, kept in the history as those of validation.

    Raises:
        ShapeError: inputs, targets and lengths of different numbers.
        ArgumentError: no epochs, empty batches, or boundaries that hold not all lengths.
        TrainingError: a loss that is not finite; the model keeps the last good epoch.
    """
    if not len(inputs) == len(targets) == len(lengths) > 0:
        got = f"{len(inputs)} inputs, {len(targets)} targets, {len(lengths)} lengths"
        raise ShapeError(
            "inputs", required="as long as targets and lengths, and not empty", got=got
        )
    batch_size = checked_plan(epochs, batch_size, len(inputs))
    parts = split_model(model, trained)
    program = Program(parts.graphdef, optimizer, loss)
    state = initial_state(program, *jax.tree.map(jnp.copy, (parts.params, parts.rest)))
    generator, history = np.random.default_rng(seed), History()
    for epoch in range(1, epochs + 1):
        began = time.perf_counter()
        losses: list[Array] = []
        chosen = np.arange(len(inputs)) if choose is None else choose(generator)
        shuffle = int(generator.integers(2**31))
        for places in bucket_batches(
            lengths[chosen], batch_size, boundaries=boundaries, seed=shuffle
        ):
            rows = chosen[places]
            width = padded_length(lengths[rows], boundaries)
            x, y = (_filled(array[rows, :width], batch_size) for array in (inputs, targets))
            x = x if augment is None else augment(generator, x)
            state, scores = _step(
                program, state, Examples(jnp.asarray(x), jnp.asarray(y)), parts.frozen
            )
            losses.append(scores[0])
        steps = np.array(losses, np.float32)
        if not np.isfinite(steps).all():
            raise TrainingError(
                f"Training stopped in epoch {epoch}: the loss is {steps[~np.isfinite(steps)][0]}. "
                f"The model is as after epoch {epoch - 1}. Lower the learning rate or clip the "
                "gradients."
            )
        update_model(model, state)
        found = {} if after_epoch is None else dict(after_epoch(model))
        seconds, mean = time.perf_counter() - began, {"loss": float(steps.mean())}
        history = history.with_epoch(EpochRecord(epoch, seconds, mean, found), steps)
    return history


_step = functools.partial(kernels.jit, static_argnums=0, donate_argnums=1)(train_step)


def _filled(rows: NDArray, count: int) -> NDArray:
    """The rows, and empty ones behind them: one shape for all batches of a bucket."""
    missing = np.zeros((count - len(rows), *rows.shape[1:]), rows.dtype)
    return np.concatenate([rows, missing])
