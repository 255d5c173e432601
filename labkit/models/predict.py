"""Run a model over many examples, in batches, compiled once."""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit import kernels
from labkit.errors import ArgumentError
from labkit.models.trees import Trees
from labkit.types import PyTree

__all__ = ["in_evaluation_mode", "predict"]


def predict(model: nnx.Module | Trees, inputs: ArrayLike, *, batch_size: int = 512) -> Any:
    """The model's outputs for every example, in evaluation mode (no dropout, fixed statistics).

    Args:
        model: called as ``model(batch)``; left as it was.
        inputs: examples along the first axis.
        batch_size: examples computed at once; the last batch is filled up and cut again, so
            that one compiled program serves all.

    Returns:
        Outputs along the first axis, on the host; where the model returns several arrays, they
        come in the same structure.

    Example:
        >>> from labkit.models import MLP, MLPConfig
        >>> model = MLP(MLPConfig.digits(), rngs=nnx.Rngs(0))
        >>> predict(model, np.zeros((5, 8, 8, 1), np.float32), batch_size=2).shape
        (5, 10)
    """
    if isinstance(model, Trees):
        return model.predict(inputs)
    examples = np.asarray(inputs)
    if len(examples) == 0:
        raise ArgumentError("inputs", required="at least one example", got=examples.shape)
    size = min(batch_size, len(examples))
    graphdef, state = nnx.split(in_evaluation_mode(model))
    outputs = []
    for start in range(0, len(examples), size):
        batch = examples[start : start + size]
        missing = size - len(batch)
        filled = np.concatenate([batch, batch[:1].repeat(missing, axis=0)]) if missing else batch
        found = _apply(graphdef, state, filled)
        outputs.append(_first(len(batch), found))
    return jax.tree.map(lambda *parts: np.concatenate(parts), *outputs)


def _first(count: int, outputs: PyTree) -> PyTree:
    return jax.tree.map(lambda array: np.asarray(array)[:count], outputs)


def in_evaluation_mode(model: nnx.Module) -> nnx.Module:
    """The same arrays with dropout off and the normalisations' statistics fixed."""
    modes = {"deterministic": True, "use_running_average": True}
    return nnx.view(model, raise_if_not_found=False, **modes)


@functools.partial(kernels.jit, static_argnums=0)
def _apply(graphdef: nnx.GraphDef, state: PyTree, batch: Array) -> PyTree:
    return nnx.merge(graphdef, state)(batch)
