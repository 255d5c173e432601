"""Kernels of labkit against PyTorch (channels last), NumPy and plain JAX, one by one.

Run as ``python -m benchmarks.kernels --json FILE`` with the extra ``bench`` installed, on a
machine that does nothing else. All contenders share a process, and with it the allocator that
labkit tunes, so that PyTorch is measured at its best.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax.experimental.compilation_cache import compilation_cache

from benchmarks._harness import Row, interleave, main
from labkit import kernels

# image, kernel: the three layers of the CIFAR-10 CNN, the first of the MNIST one.
_LAYERS = {
    "32²×3→32": ((64, 32, 32, 3), (3, 3, 3, 32)),
    "15²×32→64": ((64, 15, 15, 32), (3, 3, 32, 64)),
    "6²×64→64": ((64, 6, 6, 64), (3, 3, 64, 64)),
    "28²×1→32": ((64, 28, 28, 1), (3, 3, 1, 32)),
}
# The threads of OpenMP and OpenBLAS spin for some time before they sleep.
_PAUSE_S = 0.05
_POOLS = {"30²×32": ((64, 30, 30, 32), 2.0), "13²×64": ((64, 13, 13, 64), 1.0)}


def rows() -> Iterable[Row]:
    """Pooling, convolution, products, attention's memory, and how long compiling takes."""
    yield from pooling()
    yield from convolutions()
    yield from products()
    yield from attention_memory()
    yield from compile_times()


def pooling() -> Iterable[Row]:
    for name, (shape, goal) in _POOLS.items():
        x = _draw(*shape)

        def both(x: jax.Array, method: str) -> Any:
            y, back = jax.vjp(lambda x: kernels.max_pool2d(x, method=method), x)
            return y, back(y)

        calls = {
            "labkit": _jax(lambda x: both(x, "slices"), x),
            "reduce_window and autodiff": _jax(lambda x: both(x, "xla"), x),
            "PyTorch": _torch_pool(x),
        }
        yield from _against(f"max-pool forward and backward {name}", calls, {
            "reduce_window and autodiff": 100.0 if shape[1] == 30 else None, "PyTorch": goal,
        })  # fmt: skip


def convolutions() -> Iterable[Row]:
    for name, (image, kernel) in _LAYERS.items():
        x, w = _draw(*image), _draw(*kernel)
        y = kernels.conv2d(x, w)
        passes = {
            "forward": (lambda x, w, _: kernels.conv2d(x, w), 0.7 if image[3] == 3 else 1.0),
            "input gradient": (
                lambda x, w, g: jax.vjp(lambda x: kernels.conv2d(x, w), x)[1](g),
                0.9,
            ),
            "weight gradient": (
                lambda x, w, g: jax.vjp(lambda w: kernels.conv2d(x, w), w)[1](g),
                0.8,
            ),
        }
        for part, (call, goal) in passes.items():
            calls = {"labkit": _jax(call, x, w, y), "PyTorch": _torch_conv(part, x, w, y)}
            yield from _against(f"conv2d {part} {name}", calls, {"PyTorch": goal})
    x, w = _draw(32, 32, 32, 64), _draw(3, 3, 64, 1)
    grouped = w.reshape(3, 3, 1, 64)
    y = kernels.depthwise_conv2d(x, w)
    calls = {
        "labkit": _jax(kernels.depthwise_conv2d, x, w),
        "PyTorch": _torch_conv("forward", x, grouped, y, groups=64),
    }
    yield from _against("depthwise forward 32²×64", calls, {"PyTorch": 1.0})


def products() -> Iterable[Row]:
    """Eight-bit products; those in float32 are in `benchmarks.matmul`."""
    a = _draw(1024, 1024)
    whole = kernels.jit(lambda a: kernels.matmul(a, a, method="int8"), int8=True)
    calls = {"labkit": lambda: whole(a).block_until_ready(), "float32": _jax(kernels.matmul, a, a)}
    yield from _against("matmul 1024 rounded to int8 on the way", calls, {})


def attention_memory() -> Iterable[Row]:
    """Temporary bytes at 4,096 tokens over those at 2,048: 2 is linear, 4 is quadratic."""
    bytes_at = {}
    for tokens in (2048, 4096):
        shape = jax.ShapeDtypeStruct((1, tokens, 4, 32), jnp.float32)
        step = jax.jit(jax.grad(lambda x: kernels.attention(x, x, x).sum()))
        bytes_at[tokens] = step.lower(shape).compile().memory_analysis().temp_size_in_bytes
    detail = {"MB_at_4096": bytes_at[4096] / 1e6}
    growth = bytes_at[4096] / bytes_at[2048]
    yield Row("attention memory, 4096 over 2048", "", growth, 2.2, "lower", detail)


def compile_times() -> Iterable[Row]:
    """Value and gradient of the kernels that take longest, compiled afresh."""
    jax.config.update("jax_enable_compilation_cache", False)
    compilation_cache.reset_cache()
    x, w = _draw(64, 15, 15, 32), _draw(3, 3, 32, 64)
    q = _draw(2, 64, 4, 32)
    s, u, v = _draw(32, 64, 64), _draw(64, 256), _draw(64, 256)
    cases: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        f"conv2d[{m}]": (lambda x, w, m=m: kernels.conv2d(x, w, method=m), (x, w))
        for m in kernels.CONV_METHODS
    }
    cases["conv2d_block"] = (lambda x, w: kernels.conv2d_block(x, w, w[0, 0, 0], pool=2), (x, w))
    cases["max_pool2d"] = (lambda x: kernels.max_pool2d(x, 3, stride=2), (x,))
    cases |= {
        f"attention[{m}]": (lambda q, m=m: kernels.attention(q, q, q, method=m), (q,))
        for m in kernels.ATTENTION_METHODS
    }
    cases["lstm"] = (lambda s, u, v: kernels.lstm(s, u, v, v[0])[0], (s, u, v))
    seconds = {}
    for name, (call, arrays) in cases.items():
        places = tuple(range(len(arrays)))
        loss = jax.jit(jax.grad(lambda *a, call=call: (call(*a) ** 2).sum(), argnums=places))
        start = time.perf_counter()
        loss.lower(*arrays).compile()
        seconds[name] = time.perf_counter() - start
    slowest = max(seconds, key=lambda name: seconds[name])
    yield Row("compile time, slowest kernel", slowest, seconds[slowest], 2.0, "lower", seconds)


def _draw(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), jnp.float32)


def _jax(call: Callable[..., Any], *arrays: Any) -> Callable[[], Any]:
    compiled = kernels.jit(call)
    return lambda: jax.block_until_ready(compiled(*arrays))


def _channels_last(x: Any) -> torch.Tensor:
    tensor = torch.from_numpy(np.array(x)).permute(0, 3, 1, 2)
    return tensor.contiguous(memory_format=torch.channels_last)


def _torch_pool(x: jax.Array) -> Callable[[], Any]:
    image = _channels_last(x).requires_grad_()

    def call() -> None:
        image.grad = None
        y = torch.nn.functional.max_pool2d(image, 2)
        y.backward(y.detach())

    return call


def _torch_conv(
    part: str, x: jax.Array, w: jax.Array, y: jax.Array, groups: int = 1
) -> Callable[[], Any]:
    image, gradient = _channels_last(x), _channels_last(y)
    weight = torch.from_numpy(np.array(w)).permute(3, 2, 0, 1)
    weight = weight.contiguous(memory_format=torch.channels_last)
    if part == "forward":
        return lambda: torch.nn.functional.conv2d(image, weight, groups=groups)
    wanted = [part == "input gradient", part == "weight gradient", False]
    rest = (None, [1, 1], [0, 0], [1, 1], False, [0, 0], groups, wanted)
    return lambda: torch.ops.aten.convolution_backward(gradient, image, weight, *rest)


def _against(
    name: str, calls: dict[str, Callable[[], Any]], goals: dict[str, float | None]
) -> Iterable[Row]:
    seconds = interleave(calls, repeats=7, pause_s=_PAUSE_S)
    ours = seconds.pop("labkit")
    for peer, theirs in seconds.items():
        detail = {"labkit_ms": ours * 1e3, "peer_ms": theirs * 1e3}
        yield Row(name, peer, theirs / ours, goals.get(peer), detail=detail)


if __name__ == "__main__":
    main(rows, title="Kernels one by one", packages=("jax", "numpy", "torch"))
