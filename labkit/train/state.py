"""The state of training as plain arrays, apart from the model's structure."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from labkit.errors import ArgumentError
from labkit.train.precision import LossScale
from labkit.types import PyTree

__all__ = [
    "Parts",
    "TrainState",
    "averaged",
    "from_arrays",
    "split_model",
    "to_arrays",
    "update_model",
]


class TrainState(NamedTuple):
    """Everything that a training step changes.

    Attributes:
        params: the parameters that are learned.
        rest: what else the model carries: running statistics, random streams.
        opt_state: what the optimizer remembers.
        average: a moving average of the parameters, if one is kept.
        loss_scale: what the loss is multiplied with in float16, if anything.
    """

    params: PyTree
    rest: PyTree
    opt_state: PyTree
    average: PyTree | None = None
    loss_scale: LossScale | None = None

    @property
    def model_params(self) -> PyTree:
        """What the model is to hold: the average where one is kept."""
        return self.params if self.average is None else self.average


class Parts(NamedTuple):
    """A model taken apart: its structure, and its arrays as plain dicts.

    Attributes:
        graphdef: the structure.
        params: the parameters that are trained.
        frozen: the parameters that are only read.
        rest: what else the model carries: running statistics, random streams.
    """

    graphdef: nnx.GraphDef
    params: PyTree
    frozen: PyTree
    rest: PyTree


def split_model(model: nnx.Module, trained: nnx.filterlib.Filter = nnx.Param) -> Parts:
    """Structure and arrays apart, so that no step takes the model apart.

    Splitting and merging an nnx model in Python costs close to a millisecond, which is more than
    many a training step; inside a compiled program it costs nothing.

    Raises:
        ArgumentError: ``trained`` chooses no parameter.
    """
    graphdef, *states = nnx.split(model, nnx.All(nnx.Param, trained), nnx.Param, ...)
    parts = Parts(graphdef, *map(nnx.to_pure_dict, states))
    if not parts.params and parts.frozen:
        known = ", ".join(map(str, parts.frozen))
        required = f"a filter that chooses some parameters below {known}"
        raise ArgumentError("trained", required=required, got=trained)
    return parts


def averaged(state: TrainState, decay: float) -> TrainState:
    """The moving average one step further; as it was where none is kept."""
    if state.average is None:
        return state
    average = jax.tree.map(lambda a, p: decay * a + (1 - decay) * p, state.average, state.params)
    return state._replace(average=average)


def update_model(model: nnx.Module, state: TrainState) -> None:
    """Write the arrays back into the model; the model owns copies, the state may be donated."""
    nnx.update(
        model, jax.tree.map(jnp.copy, state.model_params), jax.tree.map(jnp.copy, state.rest)
    )


def to_arrays(state: PyTree) -> dict[str, np.ndarray]:
    """A flat dict of host arrays, named by their place: the form in which a state is stored."""
    leaves = jax.tree_util.tree_leaves_with_path(state)
    return {_name(path): np.asarray(_bits(leaf)) for path, leaf in leaves}


def from_arrays(template: PyTree, arrays: dict[str, np.ndarray]) -> PyTree:
    """The state again, in the structure of ``template``."""

    def restore(path: tuple, leaf: Array) -> Array:
        value = jnp.asarray(arrays[_name(path)])
        if _is_key(leaf):
            return jax.random.wrap_key_data(value, impl=jax.random.key_impl(leaf))
        return value

    return jax.tree_util.tree_map_with_path(restore, template)


def _name(path: tuple) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _is_key(leaf: Array) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _bits(leaf: Array) -> Array:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf
