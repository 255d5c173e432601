"""Train a model: the one function that most readers need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import optax
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.train.checks import checked_alike, checked_examples, checked_plan
from labkit.train.history import History
from labkit.train.loop import Program, Score
from labkit.train.losses import accuracy, cross_entropy
from labkit.train.precision import FLOAT32, Precision
from labkit.train.progress import interruptible, progress_line
from labkit.train.session import Plan, Session
from labkit.train.state import split_model
from labkit.train.stopping import EarlyStopping
from labkit.types import PyTree

__all__ = ["FitResult", "fit"]


@dataclass(frozen=True)
class FitResult:
    """How a training run went.

    Attributes:
        history: the scores of every epoch and the loss of every step.
        ended: "completed" all epochs, "stopped early", or "interrupted" from the keyboard.
        best_epoch: the epoch with the best watched score; 0 where no score was watched.
    """

    history: History
    ended: Literal["completed", "stopped early", "interrupted"]
    best_epoch: int = 0


def fit(
    model: nnx.Module,
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    epochs: int,
    batch_size: int = 64,
    optimizer: optax.GradientTransformation | None = None,
    loss: Score = cross_entropy,
    metrics: Sequence[Score] = (accuracy,),
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    augment: Callable[[Array, Array], Array] | None = None,
    penalty: Callable[[PyTree], Array] | None = None,
    precision: Precision = FLOAT32,
    average_decay: float = 0.0,
    alike: ArrayLike | None = None,
    trained: nnx.filterlib.Filter = nnx.Param,
    early_stopping: EarlyStopping | None = None,
    checkpoint_dir: str | Path | None = None,
    resume: bool = False,
    seed: int = 0,
    progress: bool = True,
    watch: Callable[[History], None] | None = None,
) -> FitResult:
    """Train ``model`` in place, whole epochs at a time on the device.

    The result depends on the arguments alone: the order of the examples comes from ``seed`` and
    the number of the epoch, so a run that was killed and resumed ends with the same parameters,
    bit for bit, as one that was not. Ctrl-C ends the run after the current chunk of steps (about
    half a second) and keeps everything so far; a second Ctrl-C does not wait.

    Args:
        model: called as ``model(batch)``; holds the result afterwards, also when an error is
            raised on the way.
        inputs: examples along the first axis.
        targets: classes as integers, or numbers to predict.
        epochs: passes over the examples, those of a resumed run included.
        batch_size: examples per step; a rest smaller than a batch waits for the next epoch.
        optimizer: Adam with a learning rate of 0.001 if not given.
        loss: ``loss(outputs, targets)``, a mean over the batch.
        metrics: further scores of the same form; ``()`` where accuracy means nothing.
        validation: inputs and targets that are scored after each epoch, never trained on.
        augment: ``augment(key, inputs)`` changes each batch, on the device.
        penalty: ``penalty(params)`` is added to what is made small, such as ``l1_penalty(1e-5)``.
        precision: ``FLOAT32``, ``BFLOAT16``, or ``FLOAT16`` with a loss scale.
        average_decay: where above 0, the model ends with a moving average of its parameters:
            ``average = decay * average + (1 - decay) * params`` after each step.
        alike: a number for each example, such as the length of a text: a batch then takes examples
            whose numbers are near, so that a model that skips common padding has little to do.
        trained: which parameters are learned and stored, as an nnx filter: ``nnx.LoRAParam`` for
            adapters, ``part("head")`` for a part of the model; the others are only read. A frozen
            normalisation still averages what it sees, unless it is in evaluation mode.
        early_stopping: when to stop before all epochs are done.
        checkpoint_dir: where the last and the best state are stored after each epoch.
        resume: go on from the last checkpoint in ``checkpoint_dir``, if there is one.
        seed: of the order of examples and of augmentation.
        progress: show a line that moves.
        watch: called with the history so far, the steps of the epoch under way included, at most
            twice a second and once at the end: ``viz.live_curves()`` draws it.

    Returns:
        The history, and how the run ended.

    Raises:
        ShapeError: examples that the model does not take.
        ArgumentError: a plan that cannot be, such as no epochs or nothing to train.
        TrainingError: labels out of range; a loss that is not finite (the message names the step,
            and the model goes back to the last good epoch).
        CheckpointError: a checkpoint cannot be written or read, or belongs to another run.

    Example:
        >>> import numpy as np
        >>> from labkit.models import MLP, MLPConfig
        >>> model = MLP(MLPConfig((2,), (8,), 2), rngs=nnx.Rngs(0))
        >>> x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
        >>> result = fit(model, x, (x[:, 0] > 0).astype(int), epochs=2, progress=False)
        >>> result.ended, len(result.history.epochs)
        ('completed', 2)
    """
    examples = checked_examples(model, inputs, targets)
    held_out = None if validation is None else checked_examples(model, *validation)
    batch_size = checked_plan(epochs, batch_size, len(examples.inputs))
    rule = _watched(early_stopping, epochs, validated=validation is not None)
    parts = split_model(model, trained)
    program = Program(
        parts.graphdef,
        optimizer or _ADAM,
        loss,
        tuple(metrics),
        augment,
        penalty,
        precision,
        average_decay,
    )
    plan = Plan(epochs, batch_size, seed, rule, checked_alike(alike, len(examples.inputs)))
    session = Session(model, program, examples, held_out, plan, parts, watch)
    if checkpoint_dir is not None:
        session.open_checkpoints(checkpoint_dir, resume=resume)
    line = progress_line(session.total_steps, session.done_steps, shown=progress)
    with interruptible() as interrupted, line, session.writing_back(), session.watching():
        while not session.is_over:
            session.run_epoch(line, interrupted)
            if interrupted.is_set():
                return FitResult(session.history, "interrupted", session.best_epoch)
    ended: Literal["completed", "stopped early"]
    ended = "completed" if len(session.history.epochs) == epochs else "stopped early"
    return FitResult(session.history, ended, session.best_epoch)


_ADAM = optax.adam(1e-3)  # one object, so that two runs with the default share a program


def _watched(rule: EarlyStopping | None, epochs: int, *, validated: bool) -> EarlyStopping | None:
    """The score that makes an epoch the best: the rule's, else the validation loss if there is."""
    if rule is None:
        return EarlyStopping(patience=epochs, restore_best=False) if validated else None
    if rule.score.startswith("validation_") and not validated:
        raise ArgumentError(
            "early_stopping",
            required="about a score of the training examples where validation is not given",
            got=rule.score,
            fix="Pass validation=(inputs, targets).",
        )
    return rule
