"""Train many models at once: one compiled program whose every number is a column of numbers.

A small model leaves a processor idle: most of a step goes into starting operations. `jax.vmap`
turns the whole training, gradients and optimizer included, into the training of a population
that differs in its hyperparameters, its seeds or its amount of data; each operation starts once
for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.train import accuracy, cross_entropy
from labkit.train.checks import checked_examples, checked_plan
from labkit.train.loop import Score, epoch_order
from labkit.train.progress import interruptible, progress_line
from labkit.train.state import TrainState, update_model
from labkit.tune.members import Members, run_epoch, stacked

__all__ = ["Population", "train_population"]

#: One number for each member.
Values: TypeAlias = Sequence[float] | np.ndarray | Array


@dataclass(frozen=True)
class Population:
    """Models that were trained side by side.

    Attributes:
        hyperparameters: by name, one value for each member.
        curves: by name, ``[members, epochs]``: "loss" and the metrics, averaged over each epoch
            while the models learned; "validation_loss" and so on after it. A member that
            diverged has NaN from there on; the others know nothing of it.
        build: makes a model from a seed.
        seeds: one for each member.
        state: parameters and the rest, each with a first axis over the members.
    """

    hyperparameters: Mapping[str, np.ndarray]
    curves: Mapping[str, np.ndarray]
    build: Callable[[int], nnx.Module]
    seeds: tuple[int, ...]
    state: TrainState

    def __len__(self) -> int:
        return len(self.seeds)

    def best(self, curve: str = "validation_loss", *, higher_is_better: bool = False) -> int:
        """The member that ends best; members that diverged come last.

        Raises:
            ArgumentError: no such curve.
        """
        if curve not in self.curves:
            raise ArgumentError("curve", required=f"one of {', '.join(self.curves)}", got=curve)
        last = self.curves[curve][:, -1] * (-1 if higher_is_better else 1)
        return int(np.argmin(np.where(self.diverged, np.inf, last)))

    @property
    def diverged(self) -> np.ndarray:
        """Whether a loss of the member's last epoch is not finite."""
        losses = [self.curves[n][:, -1] for n in ("loss", "validation_loss") if n in self.curves]
        return np.asarray(~np.isfinite(losses).all(0))

    def model(self, member: int) -> nnx.Module:
        """One of the models, ready to use."""
        model = self.build(self.seeds[member])
        update_model(model, jax.tree.map(lambda leaf: leaf[member], self.state))
        return model


def train_population(
    build: Callable[[int], nnx.Module],
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    epochs: int,
    hyperparameters: Mapping[str, Values],
    optimizer: Callable[..., optax.GradientTransformation] = optax.adamw,
    batch_size: int = 64,
    loss: Score = cross_entropy,
    metrics: Sequence[Score] = (accuracy,),
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    seeds: Sequence[int] | None = None,
    num_examples: Sequence[int] | None = None,
    steps_per_epoch: int | None = None,
    trained: nnx.filterlib.Filter = nnx.Param,
    seed: int = 0,
    progress: bool = False,
) -> Population:
    """Train one model for each entry of the hyperparameters, all in one program.

    A member computes what `train.fit` computes for the same seed, batches and optimizer, up to
    rounding. Memory grows with the members: parameters, optimizer state, and the values of each
    layer, so many times.

    Args:
        build: makes a model from a seed; every member has the same shapes.
        inputs: examples along the first axis, shared by all members.
        targets: classes as integers, or numbers to predict.
        epochs: passes over the examples.
        hyperparameters: for each argument of ``optimizer`` that differs, its values, one for each
            member: ``{"learning_rate": [...], "weight_decay": [...]}``.
        optimizer: from hyperparameters to an optimizer; the values are traced, so it may compute
            with them (a schedule) but not branch on them.
        batch_size: examples per step.
        loss: ``loss(outputs, targets)``, a mean over the batch.
        metrics: further scores of the same form.
        validation: inputs and targets that are scored after each epoch, never trained on.
        seeds: one for each member, of its parameters and of its order of examples; if not given,
            all start alike and see the same batches, which is faster and a fairer comparison.
        num_examples: for each member, how many of the first examples it learns from; it makes as
            many steps as the others and sees its own more often.
        steps_per_epoch: where an epoch is not to be a pass over the examples: so many steps, over
            examples drawn anew.
        trained: which parameters are learned, as in `train.fit`; the others are only read.
        seed: of all members where ``seeds`` is not given.
        progress: show a line that moves.

    Raises:
        ShapeError: examples that the model does not take.
        ArgumentError: hyperparameters, seeds or numbers of examples of different lengths.
        TrainingError: labels out of range.

    Example:
        >>> from labkit.models import MLP, MLPConfig
        >>> x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
        >>> build = lambda seed: MLP(MLPConfig((2,), (8,), 2), rngs=nnx.Rngs(seed))
        >>> rates = {"learning_rate": [1e-4, 1e-2, 1e-1]}
        >>> population = train_population(build, x, x[:, 0] > 0, epochs=3, hyperparameters=rates)
        >>> population.curves["loss"].shape, population.best("loss")
        ((3, 3), 2)
    """
    columns, members = _columns(hyperparameters, seeds, num_examples)
    every_seed = tuple(seeds) if seeds is not None else (seed,) * members
    model = build(every_seed[0])
    examples = checked_examples(model, inputs, _whole(targets))
    held_out = None
    if validation is not None:
        held_out = checked_examples(model, validation[0], _whole(validation[1]))
    n = len(examples.inputs)
    batch_size = checked_plan(epochs, batch_size, n)
    common = Members.of(model, optimizer, loss, tuple(metrics), trained)
    models = [model] if seeds is None else [model, *map(build, every_seed[1:])]
    parts = stacked(models, trained, members)
    state = common.initial(columns, parts.params, parts.rest)
    orders = _Orders(
        every_seed,
        _checked_sizes(num_examples or [n] * members, n),
        n,
        steps_per_epoch or n // batch_size,
        batch_size,
        shared=seeds is None and num_examples is None,
    )
    names = common.curve_names(validated=held_out is not None)
    curves = []
    line = progress_line(epochs, 0, shown=progress)
    with interruptible() as interrupted, line:
        for epoch in range(1, epochs + 1):
            order = orders.of(epoch)
            state, scores = run_epoch(
                common, columns, state, parts.frozen, examples, order, held_out
            )
            curves.append({name: np.asarray(values) for name, values in scores.items()})
            line.update()
            if interrupted.is_set():
                break
    return Population(
        {name: np.asarray(values) for name, values in columns.items()},
        {name: np.stack([epoch[name] for epoch in curves], axis=1) for name in names},
        build,
        every_seed,
        state,
    )


@dataclass(frozen=True)
class _Orders:
    """Which examples each step of each member takes."""

    seeds: Sequence[int]
    sizes: Sequence[int]
    n: int
    steps: int
    batch_size: int
    shared: bool

    def of(self, epoch: int) -> np.ndarray:
        """[steps, b] where all members see the same, else [members, steps, b]."""
        pairs = list(zip(self.seeds, self.sizes, strict=True))
        if self.shared:
            return self._own(*pairs[0], epoch)
        return np.stack([self._own(seed, size, epoch) for seed, size in pairs])

    def _own(self, seed: int, size: int, epoch: int) -> np.ndarray:
        """A member goes through its own examples, as often as there is time for."""
        if size == self.n and self.steps == self.n // self.batch_size:
            return epoch_order(seed, epoch, self.n, self.batch_size)
        generator, wanted = np.random.default_rng([seed, epoch]), self.steps * self.batch_size
        passes = [generator.permutation(size) for _ in range(-(-wanted // size))]
        rows = np.concatenate(passes)[:wanted].reshape(self.steps, self.batch_size)
        return rows.astype(np.int32)


def _columns(
    hyperparameters: Mapping[str, Values],
    seeds: Sequence[int] | None,
    num_examples: Sequence[int] | None,
) -> tuple[dict[str, Array], int]:
    columns = {name: jnp.asarray(v, jnp.float32) for name, v in hyperparameters.items()}
    lengths = {name: column.shape for name, column in columns.items()}
    lengths |= {"seeds": (len(seeds),)} if seeds is not None else {}
    lengths |= {"num_examples": (len(num_examples),)} if num_examples is not None else {}
    if not columns or len(set(lengths.values())) != 1 or min(lengths.values()) < (1,):
        raise ArgumentError(
            "hyperparameters", required="lists of one length, one value a member", got=lengths
        )
    return columns, next(iter(lengths.values()))[0]


def _checked_sizes(sizes: Sequence[int], n: int) -> list[int]:
    if min(sizes) < 1 or max(sizes) > n:
        raise ArgumentError("num_examples", required=f"from 1 to {n} each", got=list(sizes))
    return list(sizes)


def _whole(targets: ArrayLike) -> np.ndarray:
    """Truth values as classes 0 and 1."""
    array = np.asarray(targets)
    return array.astype(np.int32) if array.dtype == bool else array
