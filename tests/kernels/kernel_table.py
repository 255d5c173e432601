"""Every kernel and every formulation of it, as one table: to add a formulation is to add a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from labkit import kernels
from labkit.kernels import reference

Truth = Callable[..., np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Case:
    """One formulation on one small input.

    Attributes:
        name: kernel[formulation].
        call: the kernel, arrays in, one array out.
        arrays: its input; the floating ones are differentiated.
        truth: the NumPy reference on the same input.
        terms: how many products one output adds up, for the bounds on rounding.
        exact: whether it computes the formula up to rounding (eight-bit formulations do not).
        smooth: whether a small step crosses no kink, so that differences are slopes.
    """

    name: str
    call: Callable[..., Any]
    arrays: tuple[Any, ...]
    truth: Truth
    terms: int
    exact: bool = True
    smooth: bool = True


def draw(seed: int, *shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def _rows(
    name: str,
    kernel: Callable[..., Any],
    arrays: tuple[Any, ...],
    truth: Truth,
    terms: int,
    methods: Any = (),
    **options: Any,
) -> list[Case]:
    def first(*arrays: Any, method: str | None) -> Any:
        chosen = {} if method is None else {"method": method}
        result = kernel(*arrays, **options, **chosen)
        return result[0] if isinstance(result, tuple) else result

    smooth = name != "conv2d_block"
    plain = Case(name, partial(first, method=None), arrays, truth, terms, smooth=smooth)
    return [plain] + [
        Case(f"{name}[{m}]", partial(first, method=m), arrays, truth, terms, m != "int8", smooth)
        for m in methods
    ]


def _adam(p: Any, g: Any, **options: Any) -> Any:
    state = kernels.adam_init(p)
    p, state = kernels.adam_update(p, g, state, **options)
    return kernels.adam_update(p, -2 * g, state, **options)[0]


def _block(x: Any, w: Any, b: Any) -> Any:
    """What `conv2d_block` promises: convolution, bias, ReLU and pooling one after the other."""
    y = np.maximum(reference.conv2d(x, w, b), 0)
    return reference.max_pool2d(y, (2, 2), stride=(2, 2))


_X, _W, _B = draw(0, 2, 7, 6, 4), draw(1, 3, 3, 4, 5) / 6, draw(2, 5)
_Q, _K, _V = draw(3, 2, 5, 3, 4), draw(4, 2, 9, 3, 4), draw(5, 2, 9, 3, 4)
_S, _F = draw(6, 2, 6, 3), draw(7, 4)
_LSTM = (_S, draw(8, 3, 16), draw(9, 4, 16), draw(10, 16))
_GRU = (_S, draw(8, 3, 12), draw(9, 4, 12), draw(10, 12), draw(11, 4))
_SAME = ((1, 1), (1, 1))
_MASK = jnp.asarray(np.random.default_rng(12).random((2, 1, 1, 9)) < 0.7)
_WORDS = jnp.asarray([[0, 2, 2], [6, 2, 0]])

CASES: list[Case] = [
    *_rows("conv2d", kernels.conv2d, (_X, _W, _B), reference.conv2d, 36, kernels.CONV_METHODS),
    *_rows(
        "conv2d_same", kernels.conv2d, (_X, _W, _B), partial(reference.conv2d, padding=_SAME), 36,
        padding="SAME",
    ),
    *_rows(
        "conv2d_block", kernels.conv2d_block, (_X, _W, _B), _block, 36, kernels.CONV_METHODS,
        pool=2,
    ),
    *_rows(
        "depthwise_conv2d", kernels.depthwise_conv2d, (_X, draw(1, 3, 3, 4, 2), draw(2, 8)),
        reference.depthwise_conv2d, 9, kernels.CONV_METHODS,
    ),
    *_rows(
        "max_pool2d", kernels.max_pool2d, (_X,),
        partial(reference.max_pool2d, window=(2, 2), stride=(2, 2)), 1, kernels.POOL_METHODS,
    ),
    *_rows(
        "avg_pool2d", kernels.avg_pool2d, (_X,),
        partial(reference.avg_pool2d, window=(2, 2), stride=(2, 2)), 4,
    ),
    *_rows("dense", kernels.dense, (_X, draw(1, 4, 5), _B), reference.dense, 4),
    *_rows(
        "matmul", kernels.matmul, (draw(0, 3, 5, 7), draw(1, 7, 4)), reference.matmul, 7,
        kernels.MATMUL_METHODS,
    ),
    *_rows(
        "matmul_batched", kernels.matmul, (draw(0, 3, 5, 7), draw(1, 3, 7, 4)), reference.matmul,
        7, kernels.MATMUL_METHODS,
    ),
    *_rows("softmax", kernels.softmax, (_X,), reference.softmax, 4),
    *_rows(
        "log_sum_exp", kernels.log_sum_exp, (draw(0, 3, 200),), reference.log_sum_exp, 200,
        kernels.LOG_SUM_EXP_METHODS,
    ),
    *_rows("layer_norm", kernels.layer_norm, (_S, _F[:3], _B[:3]), reference.layer_norm, 3),
    *_rows("rms_norm", kernels.rms_norm, (_S, _F[:3]), reference.rms_norm, 3),
    *_rows("batch_norm", kernels.batch_norm, (_X, _F, _B[:4]), reference.batch_norm, 84),
    *_rows(
        "attention", kernels.attention, (_Q, _K, _V), reference.attention, 9,
        kernels.ATTENTION_METHODS,
    ),
    *_rows(
        "attention_causal", kernels.attention, (_Q, _K, _V),
        partial(reference.attention, causal=True), 9, kernels.ATTENTION_METHODS, causal=True,
    ),
    *_rows(
        "attention_masked", kernels.attention, (_Q, _K, _V),
        partial(reference.attention, mask=_MASK), 9, kernels.ATTENTION_METHODS, mask=_MASK,
    ),
    *_rows("lstm", kernels.lstm, _LSTM, reference.lstm, 7, kernels.RECURRENT_METHODS),
    *_rows("gru", kernels.gru, _GRU, reference.gru, 7, kernels.RECURRENT_METHODS),
    *_rows(
        "embedding", kernels.embedding, (draw(0, 7, 3), _WORDS), reference.embedding, 1,
        kernels.EMBEDDING_METHODS,
    ),
    *_rows(
        "adam_update", _adam, (_F, _B[:4]),
        lambda p, g: reference.adam_update(p, [g, -2 * g]), 4,
    ),
]  # fmt: skip
