"""The steps of a population as one compiled program."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array, lax

from labkit import kernels
from labkit.models import in_evaluation_mode
from labkit.train.loop import Examples, Program, Score, initial_state, train_step
from labkit.train.state import Parts, TrainState, split_model
from labkit.types import Float, Int, PyTree

__all__ = ["Members", "run_epoch", "stacked"]

_SCORED_AT_ONCE = 256  # held-out examples
_NONE = optax.identity()  # stands in a program until the optimizer is made from traced numbers


@dataclass(frozen=True)
class Members:
    """What the members have in common; hashable, so that one program is compiled once."""

    program: Program
    evaluation: nnx.GraphDef
    optimizer: Callable[..., optax.GradientTransformation]

    @classmethod
    def of(
        cls,
        model: nnx.Module,
        optimizer: Callable[..., optax.GradientTransformation],
        loss: Score,
        metrics: tuple[Score, ...],
        trained: nnx.filterlib.Filter,
    ) -> Members:
        """From a model that stands for all."""
        program = Program(split_model(model, trained).graphdef, _NONE, loss, metrics)
        evaluation = split_model(in_evaluation_mode(model), trained).graphdef
        return cls(program, evaluation, optimizer)

    def own(self, hyper: Mapping[str, Array]) -> Program:
        """The program of one member."""
        return replace(self.program, optimizer=self.optimizer(**hyper))

    def curve_names(self, *, validated: bool) -> tuple[str, ...]:
        """The scores of an epoch, those on the held-out examples last."""
        names = self.program.score_names
        return (*names, *(f"validation_{name}" for name in names)) if validated else names

    def initial(self, columns: Mapping[str, Array], params: PyTree, rest: PyTree) -> TrainState:
        """The states before the first step, from parameters with a first axis over the members."""
        return jax.vmap(lambda h, p, r: initial_state(self.own(h), p, r))(columns, params, rest)


def stacked(models: Sequence[nnx.Module], trained: nnx.filterlib.Filter, members: int) -> Parts:
    """The arrays of the models with a first axis over the members; one model stands for all."""
    parts = [split_model(model, trained) for model in models]
    parts = parts * (members if len(parts) == 1 else 1)
    trees = [part[1:] for part in parts]
    return Parts(parts[0].graphdef, *jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees))


@functools.partial(kernels.jit, static_argnums=0, donate_argnums=2)
def run_epoch(
    members: Members,
    columns: Mapping[str, Float[Array, " p"]],
    state: PyTree,
    frozen: PyTree,
    examples: Examples,
    order: Int[Array, "... n b"],
    held_out: Examples | None,
) -> tuple[PyTree, dict[str, Float[Array, " p"]]]:
    """All steps of an epoch, then the scores on the held-out examples, for every member."""

    def member(
        hyper: Mapping[str, Array], state: TrainState, frozen: PyTree, order: Array
    ) -> tuple:
        program = members.own(hyper)

        def step(state: TrainState, rows: Array) -> tuple[TrainState, Array]:
            return train_step(program, state, jax.tree.map(lambda a: a[rows], examples), frozen)

        state, trace = lax.scan(step, state, order)
        scores = dict(zip(program.score_names, trace.mean(0), strict=True))
        if held_out is not None:
            scores |= _held_out_scores(members, state, frozen, held_out)
        return state, scores

    own_order = order.ndim == 3

    def at_once(columns: PyTree, state: PyTree, frozen: PyTree, order: Array) -> tuple:
        axes = (0, 0, 0, 0 if own_order else None)
        return jax.vmap(member, in_axes=axes)(columns, state, frozen, order)

    def in_turn(columns: PyTree, state: PyTree, frozen: PyTree, order: Array) -> tuple:
        if own_order:
            return lax.map(lambda row: member(*row), (columns, state, frozen, order))
        return lax.map(lambda row: member(row[0], row[1], row[2], order), (columns, state, frozen))

    operands = (columns, state, frozen, order)
    if not _convolves(state):
        return at_once(*operands)
    return lax.platform_dependent(*operands, cpu=in_turn, default=at_once)


def _convolves(state: TrainState) -> bool:
    """Whether it holds kernels of convolutions: height, width, in, out, and first the members.

    Under `vmap` each member's kernel makes the convolution one of groups, which XLA runs on a CPU
    at two thirds of the speed of as many plain ones, one after the other.
    """
    return any(leaf.ndim == 5 for leaf in jax.tree.leaves(state.params))


def _held_out_scores(
    members: Members, state: TrainState, frozen: PyTree, held_out: Examples
) -> dict[str, Array]:
    model = nnx.merge(members.evaluation, state.params, frozen, state.rest)
    n = len(held_out.inputs)
    size = min(n, _SCORED_AT_ONCE)
    chunks = -(-n // size)
    filled = jnp.concatenate([held_out.inputs, held_out.inputs[: chunks * size - n]])
    parts = lax.map(model, filled.reshape(chunks, size, *filled.shape[1:]))
    outputs = jax.tree.map(lambda part: part.reshape(chunks * size, *part.shape[2:])[:n], parts)
    scores = (members.program.loss, *members.program.metrics)
    values = [score(outputs, held_out.targets) for score in scores]
    names = [f"validation_{name}" for name in members.program.score_names]
    return dict(zip(names, values, strict=True))
