"""Forward and gradients against PyTorch, over drawn shapes; skipped where it is not installed."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_table import draw

from labkit import kernels

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def channels_first(x: Any) -> Any:
    return torch.from_numpy(np.array(x)).permute(0, 3, 1, 2).contiguous().requires_grad_()


def channels_last(x: Any) -> np.ndarray[Any, Any]:
    return x.detach().numpy().transpose(0, 2, 3, 1)


@settings(max_examples=12, deadline=None)
@given(
    height=st.integers(5, 9),
    width=st.integers(5, 9),
    size=st.integers(1, 3),
    stride=st.integers(1, 4),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2, 4]),
    method=st.sampled_from(["auto", *kernels.CONV_METHODS]),
    half=st.booleans(),
)
def test_convolution(
    height: int,
    width: int,
    size: int,
    stride: int,
    padding: int,
    dilation: int,
    groups: int,
    method: str,
    half: bool,
) -> None:
    x, w = draw(0, 2, height, width, 4), draw(1, size, size, 4 // groups, 8)
    if half:
        x, w = (a.astype(jnp.bfloat16).astype(jnp.float32) for a in (x, w))
    call = partial(
        kernels.conv2d,
        stride=stride, padding=padding, dilation=dilation, groups=groups, method=method,
    )  # fmt: skip
    narrow = (lambda a: a.astype(jnp.bfloat16)) if half else (lambda a: a)
    y, back = jax.vjp(jax.jit(lambda x, w: call(narrow(x), narrow(w))), x, w)
    gradient = draw(2, *y.shape).astype(y.dtype)
    for_x, for_w = back(gradient)

    tx = channels_first(x)
    tw = torch.from_numpy(np.array(w).transpose(3, 2, 0, 1)).requires_grad_()
    ty = functional.conv2d(tx, tw, stride=stride, padding=padding, dilation=dilation, groups=groups)
    ty.backward(channels_first(gradient.astype(jnp.float32)).detach())
    # float32: sums of at most 36 products, Winograd's constants up to 8. bf16: one rounding to
    # 8 bits of each sum, and of up to 162 products in a weight gradient.
    bound = 0.3 if half else 2e-4
    relative = 2.0**-6 if half else 1e-4
    for got, true in (
        (y, channels_last(ty)),
        (for_x, channels_last(tx.grad)),
        (for_w, tw.grad.numpy().transpose(2, 3, 1, 0)),
    ):
        np.testing.assert_allclose(np.asarray(got, np.float32), true, atol=bound, rtol=relative)


@settings(max_examples=8, deadline=None)
@given(
    height=st.integers(4, 9),
    window=st.integers(1, 3),
    stride=st.integers(1, 4),
    levels=st.sampled_from([3, 1000]),
)
def test_max_pooling_with_ties(height: int, window: int, stride: int, levels: int) -> None:
    values = np.random.default_rng(height).integers(0, levels, (2, height, 7, 3))
    x = jnp.asarray(values, jnp.float32)
    call = partial(kernels.max_pool2d, window=window, stride=stride, method="slices")
    y, back = jax.vjp(jax.jit(call), x)
    tx = channels_first(x)
    ty = functional.max_pool2d(tx, window, stride)
    gradient = draw(1, *y.shape)
    ty.backward(channels_first(gradient).detach())
    np.testing.assert_array_equal(y, channels_last(ty))
    np.testing.assert_allclose(back(gradient)[0], channels_last(tx.grad), atol=1e-6)


@pytest.mark.parametrize("method", kernels.RECURRENT_METHODS)
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_recurrent_layers(kind: str, method: str) -> None:
    gates = {"lstm": 4, "gru": 3}[kind]
    x, w, u, b = draw(0, 2, 6, 3), draw(1, 3, 5 * gates), draw(2, 5, 5 * gates), draw(3, 5 * gates)
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](3, 5, batch_first=True)
    inner = draw(4, 5) if kind == "gru" else jnp.zeros(5)
    second = jnp.concatenate([jnp.zeros(5 * gates - 5), inner])
    with torch.no_grad():
        for name, value in (
            ("weight_ih_l0", w.T), ("weight_hh_l0", u.T), ("bias_ih_l0", b), ("bias_hh_l0", second)
        ):  # fmt: skip
            getattr(layer, name).copy_(torch.from_numpy(np.array(value)))
    tx = torch.from_numpy(np.array(x)).requires_grad_()
    ty = layer(tx)[0]
    gradient = draw(5, *ty.shape)
    ty.backward(torch.from_numpy(np.array(gradient)))

    def call(x: Any, w: Any, u: Any, b: Any) -> Any:
        if kind == "lstm":
            return kernels.lstm(x, w, u, b, method=method)[0]
        return kernels.gru(x, w, u, b, inner, method=method)[0]

    y, back = jax.vjp(jax.jit(call), x, w, u, b)
    truths = (tx.grad, layer.weight_ih_l0.grad.T, layer.weight_hh_l0.grad.T, layer.bias_ih_l0.grad)
    np.testing.assert_allclose(y, ty.detach().numpy(), atol=1e-5)
    for got, true in zip(back(gradient), truths, strict=True):
        np.testing.assert_allclose(got, true.numpy(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("method", ["auto", *kernels.ATTENTION_METHODS])
@pytest.mark.parametrize("causal", [False, True])
def test_attention(method: str, causal: bool) -> None:
    arrays = tuple(draw(n, 2, 7, 3, 4) for n in range(3))
    tensors = [torch.from_numpy(np.array(a)).transpose(1, 2).requires_grad_() for a in arrays]
    ty = functional.scaled_dot_product_attention(*tensors, is_causal=causal)
    gradient = draw(3, 2, 7, 3, 4)
    ty.backward(torch.from_numpy(np.array(gradient)).transpose(1, 2))
    y, back = jax.vjp(jax.jit(partial(kernels.attention, causal=causal, method=method)), *arrays)
    np.testing.assert_allclose(y, ty.detach().transpose(1, 2).numpy(), atol=1e-5)
    for got, tensor in zip(back(gradient), tensors, strict=True):
        np.testing.assert_allclose(got, tensor.grad.transpose(1, 2).numpy(), atol=1e-5)


def test_norms_and_adam() -> None:
    x, scale, offset = draw(0, 4, 6), draw(1, 6), draw(2, 6)
    tensors = [torch.from_numpy(np.array(a)) for a in (x, scale, offset)]
    true = functional.layer_norm(tensors[0], (6,), tensors[1], tensors[2], eps=1e-6)
    np.testing.assert_allclose(kernels.layer_norm(x, scale, offset), true.numpy(), atol=1e-5)

    parameter = torch.nn.Parameter(torch.from_numpy(np.array(x)))
    optimizer = torch.optim.AdamW([parameter], lr=0.01, weight_decay=0.1)
    p, state = x, kernels.adam_init(x)
    for seed in range(3):
        gradient = draw(seed, 4, 6)
        parameter.grad = torch.from_numpy(np.array(gradient))
        optimizer.step()
        p, state = kernels.adam_update(p, gradient, state, learning_rate=0.01, weight_decay=0.1)
    np.testing.assert_allclose(p, parameter.detach().numpy(), atol=1e-5)
