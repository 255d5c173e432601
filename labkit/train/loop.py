"""Many training steps as one compiled program on the device."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array, lax

from labkit import kernels
from labkit.train.precision import FLOAT32, Precision
from labkit.train.state import TrainState, averaged
from labkit.types import Float, Int, Num, PyTree

__all__ = [
    "Examples",
    "Program",
    "Score",
    "epoch_order",
    "initial_state",
    "run_steps",
    "train_step",
]

#: ``score(outputs, targets)``: one number, a mean over the batch.
Score: TypeAlias = Callable[[PyTree, PyTree], Array]


class Examples(NamedTuple):
    """Inputs and targets, equally long, on the device."""

    inputs: Array
    targets: Array


@dataclass(frozen=True)
class Program:
    """What a training step does; hashable, so that one program is compiled once.

    Attributes:
        graphdef: the structure of the model.
        optimizer: the optax transformation of gradients into updates.
        loss: what is made small.
        metrics: further scores, recorded and not optimised.
        augment: ``augment(key, inputs)``: changes a batch before the model sees it.
        penalty: ``penalty(params)``: added to the loss, not to the recorded one.
        precision: the types that the model computes in.
        average_decay: how slowly the average of the parameters follows them; 0 keeps none.
    """

    graphdef: nnx.GraphDef
    optimizer: optax.GradientTransformation
    loss: Score
    metrics: tuple[Score, ...] = ()
    augment: Callable[[Array, Array], Array] | None = None
    penalty: Callable[[PyTree], Array] | None = None
    precision: Precision = FLOAT32
    average_decay: float = 0.0

    @property
    def score_names(self) -> tuple[str, ...]:
        """The columns of the trace that ``run_steps`` fills."""
        return ("loss", *(metric.__name__ for metric in self.metrics))


def initial_state(program: Program, params: PyTree, rest: PyTree) -> TrainState:
    """The state before the first step."""
    return TrainState(
        params,
        rest,
        program.optimizer.init(params),
        average=jax.tree.map(jnp.copy, params) if program.average_decay else None,
        loss_scale=program.precision.initial_scale(),
    )


def train_step(
    program: Program, state: TrainState, batch: Examples, frozen: PyTree = None
) -> tuple[TrainState, Float[Array, " s"]]:
    """One step: predict, compare, differentiate, move; and the scores before the move."""
    read_only = {} if frozen is None else frozen
    precision = program.precision

    def objective(params: PyTree) -> tuple[Array, tuple[PyTree, Array]]:
        arrays = precision.lowered((params, read_only))
        model = nnx.merge(program.graphdef, *arrays, state.rest)
        outputs = precision.raised(model(precision.lowered(batch.inputs)))
        loss = program.loss(outputs, batch.targets)
        scores = jnp.stack([loss, *(metric(outputs, batch.targets) for metric in program.metrics)])
        rest = precision.raised(nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.Param))))
        if program.penalty is not None:
            loss = loss + program.penalty(params)
        return precision.scaled(loss, state.loss_scale), (rest, scores.astype(jnp.float32))

    gradients, (rest, scores) = jax.grad(objective, has_aux=True)(state.params)
    if state.loss_scale is None:
        return _moved(program, state, gradients, rest), scores
    gradients, loss_scale, finite = state.loss_scale.unscaled(gradients)
    moved = _moved(program, state, gradients, rest)
    kept = jax.tree.map(lambda new, old: jnp.where(finite, new, old), moved, state)
    return kept._replace(loss_scale=loss_scale), scores


def _moved(program: Program, state: TrainState, gradients: PyTree, rest: PyTree) -> TrainState:
    """The state one update further."""
    updates, opt_state = program.optimizer.update(gradients, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    moved = state._replace(params=params, rest=rest, opt_state=opt_state)
    return averaged(moved, program.average_decay)


@functools.partial(kernels.jit, static_argnums=0, donate_argnums=(1, 2))
def run_steps(
    program: Program,
    state: TrainState,
    trace: Float[Array, "n s"],
    examples: Examples,
    order: Int[Array, "n b"],
    key: Array,
    start: Int[Array, ""],
    stop: Int[Array, ""],
    frozen: PyTree = None,
) -> tuple[TrainState, Float[Array, "n s"], Int[Array, ""]]:
    """Steps ``start`` to ``stop`` of an epoch, without coming back to Python between them.

    The bounds are values, not shapes: an epoch may be cut into chunks anywhere (to report, to
    save, to be interrupted) and the same compiled program computes the same numbers.

    Args:
        program: what a step does.
        state: donated; use the one returned.
        trace: the scores of the epoch's steps; row i is written by step i. Donated.
        examples: all of them.
        order: which examples each step takes.
        key: the epoch's random key, for augmentation.
        start: first step.
        stop: one past the last step.
        frozen: parameters that the model reads and no step changes; not donated.

    Returns:
        The new state, the trace, and how many steps of the epoch are done: less than ``stop`` if
        a loss was not finite, and then the last row of the trace tells.
    """

    def goes_on(carry: tuple) -> Array:
        step, _, trace = carry
        previous_loss = trace[jnp.maximum(step - 1, 0), 0]
        return (step < stop) & ((step == start) | jnp.isfinite(previous_loss))

    def body(carry: tuple) -> tuple:
        step, state, trace = carry
        batch = jax.tree.map(lambda array: array[order[step]], examples)
        if program.augment is not None:
            inputs = program.augment(jax.random.fold_in(key, step), batch.inputs)
            batch = batch._replace(inputs=inputs)
        state, scores = train_step(program, state, batch, frozen)
        return step + 1, state, trace.at[step].set(scores)

    done, state, trace = lax.while_loop(goes_on, body, (start, state, trace))
    return state, trace, done


def epoch_order(
    seed: int,
    epoch: int,
    num_examples: int,
    batch_size: int,
    alike: Num[np.ndarray, " n"] | None = None,
) -> Int[np.ndarray, "steps b"]:
    """Which examples each step of an epoch takes: shuffled anew, the same for the same seed.

    The examples left over when the epoch is cut into whole batches sit this epoch out; the next
    shuffle brings them back. Where ``alike`` gives each example a number, such as the length of a
    text, a batch takes examples whose numbers are near, and the batches come in random order.

    Example:
        >>> epoch_order(0, 1, num_examples=5, batch_size=2).shape
        (2, 2)
        >>> np.sort(epoch_order(0, 1, 4, 2, alike=np.array([9, 1, 8, 2])), axis=None).tolist()
        [0, 1, 2, 3]
    """
    rng = np.random.default_rng([seed, epoch])
    steps = num_examples // batch_size
    chosen = rng.permutation(num_examples)[: steps * batch_size]
    if alike is not None:  # a stable sort: equal numbers stay shuffled
        chosen = chosen[np.argsort(alike[chosen], kind="stable")]
        chosen = rng.permutation(chosen.reshape(steps, batch_size))
    return chosen.reshape(steps, batch_size).astype(np.int32)
