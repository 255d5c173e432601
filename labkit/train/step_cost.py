"""What one training step costs on this device: its time, and the memory it needs besides."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import optax
from flax import nnx
from jax.typing import ArrayLike

from labkit import kernels, perf
from labkit.train.checks import checked_examples
from labkit.train.loop import Program, Score, initial_state, train_step
from labkit.train.losses import cross_entropy
from labkit.train.precision import FLOAT32, Precision
from labkit.train.state import split_model

__all__ = ["StepCost", "step_cost"]


@dataclass(frozen=True)
class StepCost:
    """One training step.

    Attributes:
        seconds: median of several.
        predicted_s: what the compiled step would take by this machine's constants alone, said
            before it runs; None where no ``calibration`` was given.
        temporary_bytes: what the compiled step needs besides its arguments and results: above all
            the values that the forward pass keeps for the backward pass. Planned by the compiler,
            so the same each time.
        state_bytes: parameters, statistics, and what the optimizer remembers.
    """

    seconds: float
    temporary_bytes: int
    state_bytes: int
    predicted_s: float | None = None


def step_cost(
    model: nnx.Module,
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    optimizer: optax.GradientTransformation | None = None,
    loss: Score = cross_entropy,
    precision: Precision = FLOAT32,
    trained: nnx.filterlib.Filter = nnx.Param,
    budget_s: float = 0.5,
    calibration: perf.Calibration | None = None,
) -> StepCost:
    """Measure the step that ``fit`` would take on this batch; the model stays as it is.

    Args:
        model: called as ``model(batch)``.
        inputs: one batch.
        targets: its classes, or numbers.
        optimizer: Adam if not given.
        loss: ``loss(outputs, targets)``.
        precision: the types that the model computes in.
        trained: which parameters are learned.
        budget_s: seconds of measuring.
        calibration: of this machine, from `labkit.perf.calibrate`: the time is then predicted, too.

    Example:
        >>> import numpy as np
        >>> from labkit.models import MLP, MLPConfig
        >>> model = MLP(MLPConfig((4,), (8,), 2), rngs=nnx.Rngs(0))
        >>> cost = step_cost(model, np.ones((16, 4), np.float32), np.zeros(16, int), budget_s=0.01)
        >>> cost.state_bytes  # 58 parameters and twice as many of Adam's, and its counter
        700
    """
    batch = checked_examples(model, inputs, targets)
    parts = split_model(model, trained)
    program = Program(parts.graphdef, optimizer or optax.adam(1e-3), loss, precision=precision)
    state = initial_state(program, parts.params, parts.rest)

    step = kernels.jit(lambda state, batch, frozen: train_step(program, state, batch, frozen))
    lowered = step.lower(state, batch, parts.frozen)  # type: ignore[attr-defined]
    planned = lowered.compile().memory_analysis()
    told = calibration and perf.predict(step, state, batch, parts.frozen, calibration=calibration)
    took = perf.measure(step, state, batch, parts.frozen, jit=False, budget_s=budget_s)
    held = (leaf.nbytes for leaf in jax.tree.leaves(state))
    predicted_s = told.seconds if told else None
    return StepCost(took.median_s, int(planned.temp_size_in_bytes), sum(held), predicted_s)
