"""What is asked of the examples before the first step is computed."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError, TrainingError
from labkit.train.loop import Examples

__all__ = ["checked_alike", "checked_examples", "checked_plan"]


def checked_alike(alike: ArrayLike | None, num_examples: int) -> np.ndarray | None:
    """The numbers by which batches are made, one for each example.

    Raises:
        ShapeError: another number of them.
    """
    if alike is None:
        return None
    numbers = np.asarray(alike)
    if numbers.shape != (num_examples,):
        required = f"one number for each of {num_examples} examples"
        raise ShapeError("alike", required=required, got=f"shape {numbers.shape}")
    return numbers


def checked_plan(epochs: int, batch_size: int, num_examples: int) -> int:
    """The batch size to use: the one asked for, or all examples where there are fewer.

    Raises:
        ArgumentError: no epochs, or empty batches.
    """
    if epochs < 1:
        raise ArgumentError("epochs", required="at least 1", got=epochs)
    if batch_size < 1:
        raise ArgumentError("batch_size", required="at least 1", got=batch_size)
    return min(batch_size, num_examples)


def checked_examples(model: nnx.Module, inputs: ArrayLike, targets: ArrayLike) -> Examples:
    """The examples on the device, after the model has been tried on their shapes.

    Raises:
        ShapeError: no examples, inputs and targets of different lengths, or inputs that the model
            does not take.
        TrainingError: labels that are not one of the model's classes.
    """
    x, y = np.asarray(inputs), np.asarray(targets)
    if x.ndim == 0 or len(x) == 0 or y.ndim == 0:
        raise ShapeError("inputs", required="at least one example", got=f"shape {x.shape}")
    if len(x) != len(y):
        raise ShapeError(
            "targets", required=f"as long as inputs ({len(x)})", got=f"{len(y)} targets"
        )
    outputs = nnx.eval_shape(lambda m, batch: m(batch), model, jnp.asarray(x[:1]))
    if np.issubdtype(y.dtype, np.integer) and isinstance(outputs, jax.ShapeDtypeStruct):
        _require_classes(y, outputs.shape)
        y = y.astype(np.int32)
    return Examples(jnp.asarray(x), jnp.asarray(y))


def _require_classes(labels: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Integer targets with one axis less than the outputs are classes: they must exist."""
    if labels.ndim != len(output_shape) - 1:
        return
    classes = output_shape[-1]
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        first = np.unravel_index(wrong[0], labels.shape)
        raise TrainingError(
            f"targets must be classes 0 to {classes - 1}, but {len(wrong)} of {labels.size} are "
            f"not; the first is {labels[first]} at index {', '.join(map(str, first))}. Count "
            "classes from 0, or give the model more outputs."
        )
