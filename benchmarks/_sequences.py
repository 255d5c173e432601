"""Training steps of an LSTM and of a Transformer encoder, in labkit's kernels and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LSTM = (32, 64, 128)
ENCODER = (16, 128, 128)
LAYERS, HEADS = 4, 4


def _draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32) / 8


def _labkit(params: Any, apply: Callable[..., Any], shape: tuple[int, ...]) -> Callable[[], Any]:
    """One step of Adam on the mean square of what ``apply`` returns."""
    import jax
    import jax.numpy as jnp

    from labkit import kernels

    x = jnp.asarray(_draw(*shape))

    def step(params: Any, state: Any, x: Any) -> Any:
        loss, gradients = jax.value_and_grad(lambda p: (apply(p, x) ** 2).mean())(params)
        return (*kernels.adam_update(params, gradients, state), loss)

    run = kernels.jit(step, donate_argnums=(0, 1))
    params = jax.tree.map(jnp.asarray, params)
    box = [(params, kernels.adam_init(params))]

    def call() -> None:
        *new, loss = run(*box[0], x)
        box[0] = tuple(new)
        loss.block_until_ready()

    return call


def labkit_lstm() -> Callable[[], Any]:
    from labkit import kernels

    d = LSTM[2]
    params = {"w": _draw(d, 4 * d), "u": _draw(d, 4 * d), "b": _draw(4 * d)}
    return _labkit(params, lambda p, x: kernels.lstm(x, p["w"], p["u"], p["b"])[0], LSTM)


def labkit_encoder() -> Callable[[], Any]:
    import jax

    from labkit import kernels

    b, t, d = ENCODER

    def block(p: Any, x: Any) -> Any:
        z = kernels.layer_norm(x, p["scale1"], p["offset1"])
        q, k, v = (kernels.dense(z, p[n], p["b" + n]).reshape(b, t, HEADS, -1) for n in "qkv")
        x = x + kernels.dense(kernels.attention(q, k, v).reshape(b, t, d), p["o"], p["bo"])
        z = kernels.layer_norm(x, p["scale2"], p["offset2"])
        return x + kernels.dense(
            jax.nn.relu(kernels.dense(z, p["up"], p["bup"])), p["down"], p["bo2"]
        )

    def layer() -> dict[str, np.ndarray]:
        square = {n: _draw(d, d) for n in "qkvo"} | {n: _draw(d) for n in ("bq", "bk", "bv", "bo")}
        norms = {n: _draw(d) for n in ("scale1", "offset1", "scale2", "offset2", "bo2")}
        return (
            square | norms | {"up": _draw(d, 4 * d), "bup": _draw(4 * d), "down": _draw(4 * d, d)}
        )

    def apply(params: Any, x: Any) -> Any:
        for p in params:
            x = block(p, x)
        return x

    return _labkit([layer() for _ in range(LAYERS)], apply, ENCODER)


def _torch(model: Any, shape: tuple[int, ...]) -> Callable[[], Any]:
    import torch

    x = torch.from_numpy(_draw(*shape))
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def call() -> None:
        optimizer.zero_grad(set_to_none=True)
        y = model(x)
        loss = ((y[0] if isinstance(y, tuple) else y) ** 2).mean()
        loss.backward()
        optimizer.step()
        loss.item()

    return call


def torch_lstm() -> Callable[[], Any]:
    import torch

    return _torch(torch.nn.LSTM(LSTM[2], LSTM[2], batch_first=True), LSTM)


def torch_encoder() -> Callable[[], Any]:
    from torch import nn

    d = ENCODER[2]
    layer = nn.TransformerEncoderLayer(
        d, HEADS, 4 * d, dropout=0.0, batch_first=True, norm_first=True
    )
    return _torch(nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False), ENCODER)
