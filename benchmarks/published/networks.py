"""The networks that published tables are about, as functions of shapes: traced, never run.

A network takes a :class:`Weights` and its inputs. Tracing it once collects the shapes of its
weights; its training step is then traced with those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from labkit.perf.demand import Demand, Kernel, demand

Network = Callable[..., jax.Array]


class Weights:
    """Hands out weights in the order in which they are asked for."""

    def __init__(self, given: list[Any] | None = None) -> None:
        self.given = iter(given) if given is not None else None
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, *shape: int) -> Any:
        """The next weight."""
        self.shapes.append(shape)
        return jnp.zeros(shape) if self.given is None else next(self.given)


def weight_shapes(network: Network, *inputs: Any) -> list[tuple[int, ...]]:
    weights = Weights()
    jax.eval_shape(lambda *x: network(weights, *x), *inputs)
    return weights.shapes


def parameters(network: Network, *inputs: Any) -> float:
    """How many numbers the network learns."""
    return float(sum(math.prod(s) for s in weight_shapes(network, *inputs)))


def training_step(network: Network, *inputs: Any, dtype: Any, moments: int) -> Demand:
    """Gradient and update: weights in float32, cast to ``dtype`` for the pass, as in practice.

    Args:
        network: gives a loss for each example.
        *inputs: shapes of one batch.
        dtype: of the activations.
        moments: state of the optimiser for each weight: 1 for momentum, 2 for Adam and LAMB.
    """
    like = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in weight_shapes(network, *inputs)]

    def step(weights: list[Any], state: list[list[Any]], *batch: Any) -> Any:
        def loss(weights: list[Any]) -> jax.Array:
            cast = [w.astype(dtype) for w in weights]
            return network(Weights(cast), *batch).astype(jnp.float32).mean()

        gradients = jax.grad(loss)(weights)
        state = [[0.9 * m + g for m, g in zip(ms, gradients, strict=True)] for ms in state]
        return [w - 0.1 * m for w, m in zip(weights, state[-1], strict=True)], state

    return demand(step, like, [like] * moments, *inputs)


def conv(w: Weights, x: jax.Array, out: int, size: int, stride: int = 1) -> jax.Array:
    kernel = w(size, size, x.shape[-1], out)
    pad = [(size // 2, size // 2)] * 2
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(
        x, kernel.astype(x.dtype), (stride, stride), pad, dimension_numbers=numbers
    )


def batch_norm(w: Weights, x: jax.Array) -> jax.Array:
    wide = x.astype(jnp.float32)
    mean = wide.mean((0, 1, 2))
    square = (wide * wide).mean((0, 1, 2))
    scale = w(x.shape[-1]) * jax.lax.rsqrt(square - mean * mean + 1e-5)
    return ((wide - mean) * scale + w(x.shape[-1])).astype(x.dtype)


def bottleneck(w: Weights, x: jax.Array, width: int, stride: int) -> jax.Array:
    y = jax.nn.relu(batch_norm(w, conv(w, x, width, 1)))
    y = jax.nn.relu(batch_norm(w, conv(w, y, width, 3, stride)))
    y = batch_norm(w, conv(w, y, 4 * width, 1))
    if stride > 1 or x.shape[-1] != 4 * width:
        x = batch_norm(w, conv(w, x, 4 * width, 1, stride))
    return jax.nn.relu(x + y)


def resnet_stages(w: Weights, x: jax.Array, strides: tuple[int, ...]) -> jax.Array:
    x = jax.nn.relu(batch_norm(w, conv(w, x, 64, 7, 2)))
    x = jax.lax.reduce_window(
        x, np.array(-np.inf, x.dtype), jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME"
    )
    for stage, (blocks, stride) in enumerate(zip((3, 4, 6, 3), strides, strict=False)):
        for block in range(blocks):
            x = bottleneck(w, x, 64 * 2**stage, stride if block == 0 else 1)
    return x


def resnet50(w: Weights, images: jax.Array) -> jax.Array:
    """ResNet-50 v1.5 at 224 × 224; He et al. 2016, arXiv:1512.03385, table 1."""
    x = resnet_stages(w, images, (1, 2, 2, 2)).mean((1, 2))
    return -jax.nn.log_softmax(x @ w(2048, 1000))[:, 0]


def ssd300(w: Weights, images: jax.Array) -> jax.Array:
    """SSD at 300 × 300 on ResNet-50 up to its third stage, as NVIDIA's DeepLearningExamples."""
    x = resnet_stages(w, images, (1, 2, 1))
    maps = [x]
    for middle, out, stride in ((256, 512, 2), (256, 512, 2), (128, 256, 2), (128, 256, 2)):
        x = jax.nn.relu(batch_norm(w, conv(w, x, middle, 1)))
        x = jax.nn.relu(batch_norm(w, conv(w, x, out, 3, stride)))
        maps.append(x)
    heads = [conv(w, x, boxes * 85, 3) for x, boxes in zip(maps, (4, 6, 6, 6, 4), strict=True)]
    flat = jnp.concatenate([h.reshape(h.shape[0], -1, 85) for h in heads], axis=1)
    return -jax.nn.log_softmax(flat.astype(jnp.float32))[..., 0].mean(1)


def layer_norm(w: Weights, x: jax.Array) -> jax.Array:
    wide = x.astype(jnp.float32)
    centred = wide - wide.mean(-1, keepdims=True)
    scale = jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-12)
    return (centred * scale * w(x.shape[-1]) + w(x.shape[-1])).astype(x.dtype)


def dense(w: Weights, x: jax.Array, out: int) -> jax.Array:
    return x @ w(x.shape[-1], out) + w(out)


def attend(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
    scores = jnp.einsum("bthd,bshd->bhts", q, k) * q.shape[-1] ** -0.5
    weights = jax.nn.softmax(scores.astype(jnp.float32)).astype(q.dtype)
    return jnp.einsum("bhts,bshd->bthd", weights, v)


def encoder_layer(w: Weights, x: jax.Array, heads: int, memory: int = 0) -> jax.Array:
    batch, length, width = x.shape
    seen = jnp.concatenate([jnp.zeros((batch, memory, width), x.dtype), x], 1) if memory else x
    q = dense(w, x, width).reshape(batch, length, heads, -1)
    k, v = (dense(w, seen, width).reshape(batch, length + memory, heads, -1) for _ in range(2))
    if memory:  # Transformer-XL: scores by content and scores by distance
        distance = (seen[:1] @ w(width, width)).reshape(1, length + memory, heads, -1)
        shifted = jnp.einsum("bthd,cshd->bhts", q, distance)
        scores = jnp.einsum("bthd,bshd->bhts", q, k) + shifted
        weights = jax.nn.softmax(scores.astype(jnp.float32)).astype(x.dtype)
        found = jnp.einsum("bhts,bshd->bthd", weights, v)
    else:
        found = attend(q, k, v)
    x = layer_norm(w, x + dense(w, found.reshape(x.shape), width))
    return layer_norm(w, x + dense(w, jax.nn.gelu(dense(w, x, 4 * width)), width))


def bert(layers: int, width: int, heads: int, *, pretraining: bool = False) -> Network:
    """BERT; Devlin et al. 2019, arXiv:1810.04805, section 3.

    Fine-tuned it finds an answer's ends; in pretraining it guesses 15 % of the tokens.
    """

    def network(w: Weights, tokens: jax.Array) -> jax.Array:
        table = w(30522, width)
        x = layer_norm(w, table[tokens] + w(tokens.shape[1], width))
        for _ in range(layers):
            x = encoder_layer(w, x, heads)
        if pretraining:
            hidden = x[:, : round(0.15 * tokens.shape[1])]
            scores = layer_norm(w, jax.nn.gelu(dense(w, hidden, width))) @ table.T
            return -jax.nn.log_softmax(scores.astype(jnp.float32))[..., 0].mean(1)
        return -jax.nn.log_softmax(dense(w, x, 2).astype(jnp.float32), axis=1)[:, 0].sum(-1)

    return network


def transformer_xl(layers: int, width: int, heads: int, memory: int) -> Network:
    """Transformer-XL on WikiText-103; Dai et al. 2019, arXiv:1901.02860; adaptive softmax."""

    def network(w: Weights, tokens: jax.Array) -> jax.Array:
        x = w(19997, width)[tokens]
        for _ in range(layers):
            x = encoder_layer(w, x, heads, memory)
        scores = x @ w(width, 19997)  # most tokens are among the frequent ones
        return -jax.nn.log_softmax(scores.astype(jnp.float32))[..., 0].mean(1)

    return network


def traced(name: str, batch: int, half: bool) -> tuple[Demand, float]:
    """A training step of one of the networks, and the bytes of its gradient.

    All counts are straight lines over the batch, so two traces give every batch.
    """
    (few, gradient), (many, _) = _traced(name, 8, half), _traced(name, 16, half)
    if len(few.products) != len(many.products):
        return _traced(name, batch, half)
    reach = (batch - 8) / 8

    def line(a: float, b: float) -> float:
        return a + (b - a) * reach

    products = tuple(
        Kernel(a.dtype, line(a.flops, b.flops), line(a.moved_bytes, b.moved_bytes), a.times)
        for a, b in zip(few.products, many.products, strict=True)
    )
    names = ("other_bytes", "other_kernels", "unfused_bytes", "minimal_bytes")
    rest = (line(getattr(few, name), getattr(many, name)) for name in names)
    return Demand(products, *rest), gradient


@cache
def _traced(name: str, batch: int, half: bool) -> tuple[Demand, float]:
    network, shape, moments = NETWORKS[name]
    dtype = jnp.float16 if half else jnp.float32
    tokens = len(shape) == 1
    inputs = jax.ShapeDtypeStruct((batch, *shape), jnp.int32 if tokens else dtype)
    step = training_step(network, inputs, dtype=dtype, moments=moments)
    return step, parameters(network, inputs) * (2 if half else 4)


NETWORKS: dict[str, tuple[Network, tuple[int, ...], int]] = {
    "resnet50": (resnet50, (224, 224, 3), 1),
    "ssd": (ssd300, (300, 300, 3), 1),
    "bert_base_squad": (bert(12, 768, 12), (384,), 2),
    "bert_large_squad": (bert(24, 1024, 16), (384,), 2),
    "bert_pretraining": (bert(24, 1024, 16, pretraining=True), (512,), 2),
    "transformerxlbase": (transformer_xl(16, 512, 8, 192), (192,), 2),
    "transformerxllarge": (transformer_xl(18, 1024, 16, 384), (384,), 2),
}
