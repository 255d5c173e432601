"""Train a generator against a discriminator, and watch whether the two stay in balance."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, CheckpointError, TrainingError
from labkit.models import Discriminator, Generator
from labkit.train.checkpoint import CheckpointFolder
from labkit.train.history import EpochRecord, History
from labkit.train.loop import epoch_order
from labkit.train.progress import interruptible, progress_line
from labkit.train.rivals import Rivals, RivalStates, run_rivals
from labkit.train.state import TrainState, from_arrays, split_model, to_arrays, update_model

__all__ = ["GAN_SCORES", "GANResult", "fit_gan"]

#: What is recorded at each step; the epoch's means are the curves of the history.
GAN_SCORES = (
    "loss",
    "discriminator_loss",
    "real_accuracy",
    "drawn_accuracy",
    "gradient_norm",
    "discriminator_gradient_norm",
    "diversity",
)


@dataclass(frozen=True)
class GANResult:
    """How the training of a GAN went.

    Attributes:
        history: over the epochs, each of `GAN_SCORES`: the generator's ``loss`` and the
            ``discriminator_loss`` (log 4 where it can only guess), the shares of real and of drawn
            images that the discriminator names rightly, the lengths of both gradients, and the
            ``diversity``: how far the drawn images of a batch differ, pixel by pixel, as a share
            of how far the real ones do. Near 0 all drawn images are one: the generator collapsed.
        ended: "completed" all epochs, or "interrupted" from the keyboard after a whole epoch.
    """

    history: History
    ended: Literal["completed", "interrupted"]


def fit_gan(
    generator: Generator,
    discriminator: Discriminator,
    images: ArrayLike,
    *,
    epochs: int,
    batch_size: int = 64,
    optimizers: tuple[optax.GradientTransformation, optax.GradientTransformation] | None = None,
    real_target: float = 0.9,
    average_decay: float = 0.0,
    checkpoint_dir: str | Path | None = None,
    resume: bool = False,
    seed: int = 0,
    progress: bool = True,
) -> GANResult:
    """Train both networks in place, one step each in turn, whole epochs on the device.

    The result depends on the arguments alone: a run that was killed loses at most one epoch and,
    resumed, ends with the same bits. Ctrl-C ends the run after the epoch under way.

    Args:
        generator: noise to images.
        discriminator: images to logits.
        images: real examples (n h w c), between 0 and 1.
        epochs: passes over the images, those of a resumed run included.
        batch_size: images per step, real and drawn each.
        optimizers: of the generator and of the discriminator; Adam with a rate of 0.0002 and a
            first decay of 0.5 if not given.
        real_target: what the discriminator is to say of real images; below 1 it stays unsure,
            and its gradient alive.
        average_decay: where above 0, the generator ends with a moving average of its parameters,
            which the duel's swings move less: ``average = decay * average + (1 - decay) * params``.
        checkpoint_dir: where the state is stored after each epoch.
        resume: go on from the last checkpoint in ``checkpoint_dir``, if there is one.
        seed: of the order of the images and of the noise.
        progress: show a line that moves.

    Raises:
        ArgumentError: no epochs, or fewer images than a batch.
        TrainingError: a loss that is not finite; the models are back at the last good epoch.
        CheckpointError: a checkpoint of another run.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), algorithm 1 with the generator's second
        objective of section 3; Adam's settings: Radford et al. 2016 (arXiv:1511.06434), section 4;
        ``real_target``: Salimans et al. 2016 (arXiv:1606.03498), section 3.4.
    """
    real = jnp.asarray(images)
    if epochs < 1 or not 2 <= batch_size <= len(real):
        raise ArgumentError(
            "fit_gan",
            required="given at least 1 epoch and a batch_size of 2 to the number of images",
            got=(epochs, batch_size, len(real)),
        )
    models = (generator, discriminator)
    parts = [split_model(model) for model in models]
    optimizers = optimizers or (_ADAM, _ADAM)
    program = Rivals(
        parts[0].graphdef,
        parts[1].graphdef,
        optimizers,
        generator.config.latent,
        real_target,
        average_decay,
    )
    state = RivalStates(
        *(
            TrainState(_copied(part.params), _copied(part.rest), optimizer.init(part.params))
            for part, optimizer in zip(parts, optimizers, strict=True)
        )
    )
    if average_decay:
        begun = state.generator._replace(average=_copied(parts[0].params))
        state = state._replace(generator=begun)
    folder = None if checkpoint_dir is None else CheckpointFolder(checkpoint_dir)
    run = [seed, batch_size, len(real), real_target, average_decay]
    state, history = _opened(folder, state, run, resume=resume)
    line = progress_line(epochs, len(history.epochs), shown=progress)
    line.unit = "epoch"
    with interruptible() as interrupted, line:
        while len(history.epochs) < epochs and not interrupted.is_set():
            state, history = _epoch(program, state, real, history, batch_size, seed)
            for model, trained in zip(models, state, strict=True):
                update_model(model, trained)
            if folder is not None:
                number = len(history.epochs)
                folder.save(number, to_arrays(state), {"run": run, "history": history.to_json()})
                folder.keep({number})
            line.update(1)
            line.set_postfix_str(_summary(history.epochs[-1]))
    ended: Literal["completed", "interrupted"]
    ended = "completed" if len(history.epochs) >= epochs else "interrupted"
    return GANResult(history, ended)


_ADAM = optax.adam(2e-4, b1=0.5)


def _epoch(
    program: Rivals, state: RivalStates, real: Array, history: History, batch_size: int, seed: int
) -> tuple[RivalStates, History]:
    """One pass over the images, its scores checked."""
    began, epoch = time.perf_counter(), len(history.epochs) + 1
    order = epoch_order(seed, epoch, len(real), batch_size)
    key = jax.random.fold_in(jax.random.key(seed), epoch)
    state, trace = run_rivals(program, state, real, jnp.asarray(order), key)
    trace = np.asarray(trace)
    if not np.isfinite(trace).all():
        step = int(np.flatnonzero(~np.isfinite(trace).all(1))[0]) + 1
        raise TrainingError(
            f"Training the GAN stopped in epoch {epoch}: a score is not finite from step {step} "
            "on. The models are back at the end of the epoch before. Lower the learning rates."
        )
    means = dict(zip(GAN_SCORES, map(float, trace.mean(0, np.float64)), strict=True))
    record = EpochRecord(epoch, time.perf_counter() - began, means)
    return state, history.with_epoch(record, trace[:, 0])


def _opened(
    folder: CheckpointFolder | None, state: RivalStates, run: list[Any], *, resume: bool
) -> tuple[RivalStates, History]:
    """The state to begin with: the folder's, if it holds one of this very run."""
    steps = [] if folder is None else folder.steps()
    if folder is None or not steps:
        return state, History()
    if not resume:
        raise CheckpointError(
            f"{folder.path} holds the checkpoint of epoch {steps[-1]} of another run. Pass "
            "resume=True to go on from it, or give an empty checkpoint_dir."
        )
    arrays, notes = folder.load(steps[-1])
    ours = {name: array.shape for name, array in to_arrays(state).items()}
    if notes["run"] != run or {name: array.shape for name, array in arrays.items()} != ours:
        raise CheckpointError(
            f"The checkpoint in {folder.path} is of another run. Give another checkpoint_dir."
        )
    return from_arrays(state, arrays), History.from_json(notes["history"])


def _copied(state: Any) -> Any:
    return jax.tree.map(jnp.copy, state)


def _summary(record: EpochRecord) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in record.train.items())
