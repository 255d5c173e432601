"""Train a generator against a discriminator, and watch whether the two stay in balance."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array, lax
from jax.typing import ArrayLike

from labkit import kernels
from labkit.errors import ArgumentError, CheckpointError, TrainingError
from labkit.models import Discriminator, Generator
from labkit.train.checkpoint import CheckpointFolder
from labkit.train.history import EpochRecord, History
from labkit.train.loop import epoch_order
from labkit.train.losses import binary_cross_entropy
from labkit.train.progress import interruptible, progress_line
from labkit.train.state import TrainState, from_arrays, split_model, to_arrays, update_model
from labkit.types import Float, Int, PyTree

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


class _State(NamedTuple):
    generator: TrainState
    discriminator: TrainState


@dataclass(frozen=True)
class _Program:
    generator: nnx.GraphDef
    discriminator: nnx.GraphDef
    optimizers: tuple[optax.GradientTransformation, optax.GradientTransformation]
    latent: int
    real_target: float


def fit_gan(
    generator: Generator,
    discriminator: Discriminator,
    images: ArrayLike,
    *,
    epochs: int,
    batch_size: int = 64,
    optimizers: tuple[optax.GradientTransformation, optax.GradientTransformation] | None = None,
    real_target: float = 0.9,
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
    program = _Program(
        parts[0].graphdef,
        parts[1].graphdef,
        optimizers,
        generator.config.latent,
        real_target,
    )
    state = _State(
        *(
            TrainState(_copied(part.params), _copied(part.rest), optimizer.init(part.params))
            for part, optimizer in zip(parts, optimizers, strict=True)
        )
    )
    folder = None if checkpoint_dir is None else CheckpointFolder(checkpoint_dir)
    run = [seed, batch_size, len(real), real_target]
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
    program: _Program, state: _State, real: Array, history: History, batch_size: int, seed: int
) -> tuple[_State, History]:
    """One pass over the images, its scores checked."""
    began, epoch = time.perf_counter(), len(history.epochs) + 1
    order = epoch_order(seed, epoch, len(real), batch_size)
    key = jax.random.fold_in(jax.random.key(seed), epoch)
    state, trace = _run(program, state, real, jnp.asarray(order), key)
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


@functools.partial(kernels.jit, static_argnums=0)
def _run(
    program: _Program, state: _State, real: Array, order: Int[Array, "n b"], key: Array
) -> tuple[_State, Float[Array, "n s"]]:
    def step(state: _State, now: tuple[Array, Array]) -> tuple[_State, Array]:
        number, rows = now
        return _step(program, state, real[rows], jax.random.fold_in(key, number))

    return lax.scan(step, state, (jnp.arange(len(order)), order))


def _step(
    program: _Program, state: _State, real: Array, key: Array
) -> tuple[_State, Float[Array, " s"]]:
    """The discriminator moves, then the generator against the new one."""
    first, second = (
        jax.random.normal(k, (len(real), program.latent)) for k in jax.random.split(key)
    )
    g, d = state
    drawn, _ = _call(program.generator, g.params, g.rest, first)

    def tell_apart(params: PyTree) -> tuple[Array, tuple]:
        on_real, rest = _call(program.discriminator, params, d.rest, real)
        on_drawn, rest = _call(program.discriminator, params, rest, drawn)
        loss = binary_cross_entropy(on_real, jnp.full(len(real), program.real_target))
        loss = loss + binary_cross_entropy(on_drawn, jnp.zeros(len(real)))
        return loss, (rest, (on_real > 0).mean(), (on_drawn < 0).mean())

    (d_loss, (rest, *accuracies)), d_slope = jax.value_and_grad(tell_apart, has_aux=True)(d.params)
    d = _moved(program.optimizers[1], d, d_slope, rest)

    def deceive(params: PyTree) -> tuple[Array, tuple]:
        images, rest = _call(program.generator, params, g.rest, second)
        on_drawn, _ = _call(program.discriminator, d.params, d.rest, images)
        return binary_cross_entropy(on_drawn, jnp.ones(len(real))), (rest, images)

    (g_loss, (rest, images)), g_slope = jax.value_and_grad(deceive, has_aux=True)(g.params)
    g = _moved(program.optimizers[0], g, g_slope, rest)
    norms = optax.tree.norm(g_slope), optax.tree.norm(d_slope)
    diversity = images.std(0).mean() / real.std(0).mean()
    return _State(g, d), jnp.stack([g_loss, d_loss, *accuracies, *norms, diversity])


def _call(graphdef: nnx.GraphDef, params: PyTree, rest: PyTree, x: Array) -> tuple[Array, PyTree]:
    model = nnx.merge(graphdef, params, {}, rest)
    return model(x), nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.Param)))


def _moved(
    optimizer: optax.GradientTransformation, state: TrainState, slope: PyTree, rest: PyTree
) -> TrainState:
    updates, opt_state = optimizer.update(slope, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    return state._replace(params=params, rest=rest, opt_state=opt_state)


def _opened(
    folder: CheckpointFolder | None, state: _State, run: list[Any], *, resume: bool
) -> tuple[_State, History]:
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
