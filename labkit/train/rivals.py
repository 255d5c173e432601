"""One step of a generator against a discriminator, and a whole epoch of steps on the device."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array, lax

from labkit import kernels
from labkit.train.losses import binary_cross_entropy
from labkit.train.state import TrainState, averaged
from labkit.types import Float, Int, PyTree

__all__ = ["RivalStates", "Rivals", "run_rivals"]


class RivalStates(NamedTuple):
    """Everything that a step changes, of both networks."""

    generator: TrainState
    discriminator: TrainState


@dataclass(frozen=True)
class Rivals:
    """What a step does; hashable, so that one program is compiled once.

    Attributes:
        generator: its structure.
        discriminator: its structure.
        optimizers: of the two.
        latent: numbers that an image is drawn from.
        real_target: what the discriminator is to say of real images.
        average_decay: how slowly the average of the generator follows it; 0 keeps none.
    """

    generator: nnx.GraphDef
    discriminator: nnx.GraphDef
    optimizers: tuple[optax.GradientTransformation, optax.GradientTransformation]
    latent: int
    real_target: float
    average_decay: float


@functools.partial(kernels.jit, static_argnums=0)
def run_rivals(
    program: Rivals, state: RivalStates, real: Array, order: Int[Array, "n b"], key: Array
) -> tuple[RivalStates, Float[Array, "n s"]]:
    """One pass over the images: the new states, and the scores of each step."""

    def step(state: RivalStates, now: tuple[Array, Array]) -> tuple[RivalStates, Array]:
        number, rows = now
        return _step(program, state, real[rows], jax.random.fold_in(key, number))

    return lax.scan(step, state, (jnp.arange(len(order)), order))


def _step(
    program: Rivals, state: RivalStates, real: Array, key: Array
) -> tuple[RivalStates, Float[Array, " s"]]:
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
    g = averaged(_moved(program.optimizers[0], g, g_slope, rest), program.average_decay)
    norms = optax.tree.norm(g_slope), optax.tree.norm(d_slope)
    diversity = images.std(0).mean() / real.std(0).mean()
    return RivalStates(g, d), jnp.stack([g_loss, d_loss, *accuracies, *norms, diversity])


def _call(graphdef: nnx.GraphDef, params: PyTree, rest: PyTree, x: Array) -> tuple[Array, PyTree]:
    model = nnx.merge(graphdef, params, {}, rest)
    return model(x), nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.Param)))


def _moved(
    optimizer: optax.GradientTransformation, state: TrainState, slope: PyTree, rest: PyTree
) -> TrainState:
    updates, opt_state = optimizer.update(slope, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    return state._replace(params=params, rest=rest, opt_state=opt_state)
