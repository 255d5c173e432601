"""Gradient descent from several starts at once, compiled as one program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax

__all__ = ["Descent", "descend"]


@dataclass(frozen=True)
class Descent:
    """What a descent from several starts found.

    Attributes:
        parameters: where each start ended, of shape (starts, p).
        losses: the loss before every step, of shape (starts, steps); the last step has no
            length, so the last loss is that of the parameters.
    """

    parameters: np.ndarray
    losses: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """The final parameters with the lowest loss, of shape (p,)."""
        return self.parameters[int(np.argmin(self.losses[:, -1]))]


def descend(
    loss: Callable[..., jax.Array],
    starts: np.ndarray,
    *data: jax.Array,
    steps: int,
    learning_rate: float = 0.1,
) -> Descent:
    """Minimise ``loss`` with Adam and a cosine-decaying step, from every row of ``starts``.

    Trainable circuits have many local minima, and a batch of starts costs little more than
    one: all of them run side by side in one compiled loop.

    Args:
        loss: a differentiable function of parameters of shape (p,), and of one row of each
            array of data.
        starts: of shape (starts, p).
        *data: arrays of shape (starts, ...): what differs from start to start.
        steps: how many.
        learning_rate: the first step size.

    Source:
        Kingma and Ba, arXiv:1412.6980 (Adam); Loshchilov and Hutter, arXiv:1608.03983
        (cosine decay, without restarts).

    Example:
        >>> found = descend(lambda x: ((x - 3.0) ** 2).sum(), np.zeros((2, 1)), steps=200)
        >>> round(float(found.best[0]), 2)
        3.0
    """
    optimiser = optax.adam(optax.cosine_decay_schedule(learning_rate, max(1, steps - 1)))
    value_and_grad = jax.vmap(jax.value_and_grad(loss))

    @jax.jit
    def run(parameters: jax.Array, *data: jax.Array) -> tuple[jax.Array, jax.Array]:
        def step(carry: tuple, _: None) -> tuple[tuple, jax.Array]:
            parameters, state = carry
            values, gradients = value_and_grad(parameters, *data)
            updates, state = optimiser.update(gradients, state)
            return (optax.apply_updates(parameters, updates), state), values

        (final, _), losses = jax.lax.scan(
            step, (parameters, optimiser.init(parameters)), length=steps
        )
        return final, losses.T

    final, losses = run(jnp.asarray(starts, float), *data)
    return Descent(np.asarray(final), np.asarray(losses))
