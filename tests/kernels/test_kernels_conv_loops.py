"""The gradients of a convolution are JAX's own, and compile to the order of axes XLA is fast at."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from labkit import kernels
from labkit.kernels.conv_canonical import conv_canonical
from labkit.kernels.conv_methods import conv_xla
from labkit.kernels.geometry import Window
from labkit.models import ResNet, ResNetConfig

WINDOWS = [
    Window((3, 3), (1, 1), ((1, 1), (1, 1))),
    Window((3, 3), (2, 2), ((1, 1), (1, 1))),
    Window((1, 1), (3, 2), ((0, 0), (0, 0))),
    Window((2, 3), (2, 3), ((0, 2), (1, 0)), (2, 1)),
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_gradients_are_those_of_jax(window: Window) -> None:
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(2, 9, 8, 3)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(*window.size, 3, 4)), jnp.float32)

    def gradients(conv):
        def loss(x, kernel):
            return jnp.sin(conv(x, kernel, window, 1)).sum()

        return jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(x, kernel)

    ours, theirs = gradients(conv_canonical), gradients(conv_xla)
    # The same float32 products of order 1, at most 72 in a sum, added in another order.
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), ours, theirs)


def test_a_training_loop_of_a_residual_network_holds_no_convolution_that_xla_computes_slowly():
    if jax.default_backend() != "cpu":
        pytest.skip("the remedy is for CPUs")
    model = ResNet(ResNetConfig((8, 8, 3), (4, 8)), rngs=nnx.Rngs(0))
    graphdef, *states = nnx.split(model, nnx.Param, ...)
    params, rest = map(nnx.to_pure_dict, states)

    def loss(params, x):
        return jnp.square(nnx.merge(graphdef, params, rest)(x)).mean()

    def epoch(params, x):
        def step(_, params):
            slopes = jax.grad(loss)(params, x)
            return jax.tree.map(lambda p, g: p - 0.1 * g, params, slopes)

        return jax.lax.fori_loop(0, 3, step, params)

    program = kernels.jit(epoch).lower(params, jnp.zeros((4, 8, 8, 3))).compile().as_text()
    orders = set(re.findall(r"dim_labels=(\S+?),? ", program))
    assert orders <= {"b01f_01io->b01f"}
