"""The small programs that calibration times: each isolates one constant of the model.

None of them is a workload: a chain of one operation, a copy of one size, one product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product as every
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

__all__ = [
    "Probe",
    "bandwidth_probes",
    "check_probes",
    "overhead_probes",
    "product_probes",
    "work_probes",
]

_ELEMENTS = 2**17


class Probe(NamedTuple):
    """A program to time.

    Attributes:
        name: what it isolates.
        fn: a pure function.
        args: its arguments.
        amount: how much of it there is: kernels, arguments, rounds of a loop, bytes.
    """

    name: str
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    amount: float = 1.0


def overhead_probes() -> Iterator[Probe]:
    """A call, further arguments, further kernels, rounds of a loop, a spread over the cores."""
    tiny, square = jnp.ones(8), jnp.eye(8)
    yield Probe("cheap call", lambda x: x + 1, (tiny,))
    yield Probe("call", lambda x: x + 1, (jnp.ones(2048),))
    yield Probe("results", lambda x: [x + i for i in range(1, 34)], (jnp.ones(256),), 32)
    yield Probe("arguments", lambda *xs: [x + 1 for x in xs], (jnp.ones(256),) * 33, 32)
    yield Probe("few steps", _repeated(lambda y: y @ square, 16), (square,), 16)
    yield Probe("many steps", _repeated(lambda y: y @ square, 80), (square,), 80)
    yield Probe("rounds", lambda x: lax.fori_loop(0, 200, lambda _, y: y @ square, x), (square,))
    for name, size in (("whole", 2**15), ("spread", 2**16)):
        yield Probe(f"few {name}", lambda x: [x + i for i in range(1, 3)], (jnp.ones(size),), 2)
        yield Probe(f"many {name}", lambda x: [x + i for i in range(1, 11)], (jnp.ones(size),), 10)


def bandwidth_probes(largest_bytes: float) -> Iterator[Probe]:
    """``x + 1`` on arrays of every size: each call reads and writes what the last one did."""
    n_bytes = 2.0**19
    while n_bytes <= largest_bytes:
        array = jnp.ones(int(n_bytes) // 8)  # half of the traffic is the result
        yield Probe("bandwidth", lambda x: x + 1, (array,), n_bytes)
        n_bytes *= 2 if n_bytes < 2**23 else 4


def work_probes() -> Iterator[Probe]:
    """One operation at a time on arrays that stay in the cache; the name is the class."""
    x = jnp.linspace(0.1, 0.9, _ELEMENTS)
    rows, square = x.reshape(-1, 64), x[: 2**16].reshape(256, 256)
    image = x.reshape(8, 16, 16, 64)
    index = (jnp.arange(1024) * 7919) % 2048
    probes: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
        ("simple", _repeated(lambda y: jnp.where(y > 2, y, y * 0.99 + 0.01), 16), (x,)),
        *((name, _repeated(fn, 4), (x,)) for name, fn in _UNARY.items()),
        ("copy", lambda x: jnp.moveaxis(x, 1, 0), (image,)),
        ("transpose", lambda x: x.T, (square,)),
        ("far transpose", lambda x: x.T, (jnp.ones((1024, 1024)),)),
        ("reverse", lambda x: x[:, ::-1], (rows,)),
        ("concatenate", lambda x: jnp.concatenate([x, x], axis=-1), (rows,)),
        ("pad", lambda x: jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), (image,)),
        ("slice", lambda x: x[:, 1:-1, 1:-1], (image,)),
        ("strided slice", lambda x: x[:, ::2, ::2], (image,)),
        ("gather", lambda x, i: x[i], (rows, index)),
        ("scatter", lambda x, i: x.at[i].add(x[:1024]), (rows, index)),
        ("sort", jnp.sort, (x,)),
        ("reduce rows", lambda x: x.sum(1), (rows,)),
        ("reduce columns", lambda x: x.sum(0), (rows,)),
        ("reduce rows", lambda x: x.argmax(1), (rows,)),
        ("reduce-window", _max_pool, (image,)),
        ("reduce-window", lambda x: jnp.cumsum(x, axis=1), (rows,)),
        ("indexed reduce-window", jax.grad(lambda x: _max_pool(x).sum()), (image,)),
        ("fft", lambda x: jnp.fft.rfft(x), (rows,)),
    ]
    for name, fn, args in probes:
        yield Probe(name, fn, args)


# Each maps (0, 1) to itself, so that it can be applied to its own result.
_UNARY: dict[str, Callable[[jax.Array], jax.Array]] = {
    "exponential": lambda x: jnp.exp(-x),
    "log": lambda x: jnp.log(x + 1.5),
    "exponential-minus-one": lambda x: -jnp.expm1(-x),
    "log-plus-one": jnp.log1p,
    "tanh": jnp.tanh,
    "sqrt": jnp.sqrt,
    "rsqrt": lambda x: lax.rsqrt(x + 1.1),
    "sine": jnp.sin,
    "cosine": jnp.cos,
    "erf": lax.erf,
    "divide": lambda x: x / (x + 3),
    "power": lambda x: x ** (x + 1),
    "convert": lambda x: x.astype(jnp.bfloat16).astype(jnp.float32),
}


def product_probes() -> Iterator[Probe]:
    """Products of matrices of many shapes, and convolutions; the program says which engine."""
    yield from _single_products()
    yield from _batched_products()
    yield from _convolutions()


def _single_products() -> Iterator[Probe]:
    for m, k, n in every((1, 16, 128, 1024), (16, 128, 1024), (16, 128, 1024)):
        yield _product(jnp.matmul, (m, k), (k, n))
    for m, k, n in every((16, 128, 1024), (16, 128, 1024), (16, 128)):
        yield _product(_matmul_tn, (k, m), (k, n))
        yield _product(_matmul_nt, (m, k), (n, k))
    for m, k, n in every((16, 256), (64, 512), (16, 256)):
        yield _product(_matmul_tt, (k, m), (n, k))
    for dtype, n in every((jnp.bfloat16, jnp.int8), (64, 256, 1024)):
        yield _product(_wide_product, (n, n), (n, n), dtype)


def _batched_products() -> Iterator[Probe]:
    for batch, m, k, n in every((4, 64), (16, 128), (16, 64), (16, 128)):
        yield _product(jnp.matmul, (batch, m, k), (batch, k, n))
        yield _product(_matmul_nt, (batch, m, k), (batch, n, k))
    for batch, m, k, n in every((4, 64), (16, 64), (16, 128), (16, 64)):
        yield _product(_matmul_tn, (batch, k, m), (batch, k, n))


def _convolutions() -> Iterator[Probe]:
    """Forward, the gradients by kernel and by image, and depthwise."""
    for size, taps, channels_in, channels_out in every((8, 32), (1, 3, 5), (1, 16, 64), (16, 64)):
        if (size == 32 and taps * channels_in > 192) or taps == 1 == channels_in:
            continue
        out = size - taps + 1
        image, kernel = (8, size, size, channels_in), (taps, taps, channels_in, channels_out)
        x, w, slope = jnp.ones(image), jnp.ones(kernel), jnp.ones((8, out, out, channels_out))
        yield Probe("convolution", _convolve, (x, w))
        if taps == 3:
            yield Probe("convolution", lambda x, w, dy: _pullback(x, w, dy)[1], (x, w, slope))
        if taps == 3 and channels_in > 1:
            yield Probe("convolution", lambda x, w, dy: _pullback(x, w, dy)[0], (x, w, slope))
    for channels, size in every((16, 64), (8, 32)):
        x, w = jnp.ones((8, size, size, channels)), jnp.ones((3, 3, 1, channels))
        yield Probe("convolution", _convolve, (x, w))


def check_probes() -> Iterator[Probe]:
    """Whole small computations that no constant is taken from: they tell how far to trust them."""
    x, w = jnp.ones((192, 320)), jnp.ones((320, 160)) / 320
    image, kernel = jnp.ones((8, 24, 24, 12)), jnp.ones((3, 3, 12, 40))
    yield Probe("check", jax.nn.softmax, (x,))
    yield Probe("check", jax.nn.standardize, (x,))
    yield Probe("check", lambda x, w: jax.nn.gelu(x @ w), (x, w))
    yield Probe("check", jax.grad(lambda w, x: (jax.nn.relu(x @ w) ** 2).sum()), (w, x))
    yield Probe("check", lambda x, w: _max_pool(jax.nn.relu(_convolve(x, w))), (image, kernel))
    yield Probe("check", lambda x: jax.nn.softmax(x @ x.T / 18) @ x, (x,))
    yield Probe(
        "check",
        lambda x, w: lax.fori_loop(0, 20, lambda _, y: jnp.tanh(x @ (w @ y)), x),
        (x[:, :192], jnp.eye(192)),
    )
    yield Probe("check", lambda x: x * 2 + x[::-1], (jnp.ones((1000, 700)),))


def _product(
    fn: Callable[..., Any], left: tuple[int, ...], right: tuple[int, ...], dtype: Any = jnp.float32
) -> Probe:
    return Probe("product", fn, (jnp.ones(left, dtype), jnp.ones(right, dtype)))


def _repeated(fn: Callable[[Any], Any], times: int) -> Callable[[Any], Any]:
    def repeated(x: Any) -> Any:
        for _ in range(times):
            x = fn(x)
        return x

    return repeated


def _matmul_tn(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.einsum("...km,...kn->...mn", x, y)


def _matmul_nt(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.einsum("...mk,...nk->...mn", x, y)


def _matmul_tt(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.einsum("km,nk->mn", x, y)


def _wide_product(x: jax.Array, y: jax.Array) -> jax.Array:
    """Accumulated in 32 bits, as libraries do for narrow types."""
    wide = jnp.int32 if jnp.issubdtype(x.dtype, jnp.integer) else jnp.float32
    return lax.dot(x, y, preferred_element_type=wide)


def _convolve(image: jax.Array, kernel: jax.Array) -> jax.Array:
    groups = image.shape[-1] // kernel.shape[2]
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        image, kernel, (1, 1), "VALID", dimension_numbers=layout, feature_group_count=groups
    )


def _pullback(image: jax.Array, kernel: jax.Array, slope: jax.Array) -> tuple[Any, ...]:
    return jax.vjp(_convolve, image, kernel)[1](slope)


def _max_pool(x: jax.Array) -> jax.Array:
    window = (1, 2, 2, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
