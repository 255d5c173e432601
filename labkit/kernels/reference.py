"""The slow truth: every kernel written again in NumPy, in float64, straight from its formula.

Nothing here is shared with the kernels: no helper, no layout trick, no JAX. A reader who wants
to know what a kernel means reads it here; the tests hold every formulation against it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "adam_update",
    "attention",
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "dense",
    "depthwise_conv2d",
    "embedding",
    "gru",
    "layer_norm",
    "log_sum_exp",
    "lstm",
    "matmul",
    "max_pool2d",
    "rms_norm",
    "softmax",
]

_Pads = tuple[tuple[int, int], tuple[int, int]]
_Pair = tuple[int, int]


def conv2d(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: _Pair = (1, 1),
    padding: _Pads = ((0, 0), (0, 0)),
    dilation: _Pair = (1, 1),
    groups: int = 1,
) -> NDArray[np.float64]:
    """Convolve (b h w c) with (kernel_h kernel_w c/groups o): one output pixel at a time."""
    x, w = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    x = np.pad(x, ((0, 0), *padding, (0, 0)))
    kernel_h, kernel_w, depth, outputs = w.shape
    rows = (x.shape[1] - dilation[0] * (kernel_h - 1) - 1) // stride[0] + 1
    columns = (x.shape[2] - dilation[1] * (kernel_w - 1) - 1) // stride[1] + 1
    y = np.zeros((x.shape[0], rows, columns, outputs))
    for p, r, o in np.ndindex(rows, columns, outputs):
        first = o // (outputs // groups) * depth
        for i, j in np.ndindex(kernel_h, kernel_w):
            pixel = x[:, p * stride[0] + i * dilation[0], r * stride[1] + j * dilation[1]]
            y[:, p, r, o] += pixel[:, first : first + depth] @ w[i, j, :, o]
    return y if bias is None else y + np.asarray(bias, np.float64)


def depthwise_conv2d(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: _Pair = (1, 1),
    padding: _Pads = ((0, 0), (0, 0)),
    dilation: _Pair = (1, 1),
) -> NDArray[np.float64]:
    """Convolve channel c of (b h w c) with each of kernel[:, :, c, :], channel by channel."""
    x, w = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    parts = [
        conv2d(x[..., [c]], w[:, :, [c], :], stride=stride, padding=padding, dilation=dilation)
        for c in range(x.shape[3])
    ]
    y = np.concatenate(parts, axis=-1)
    return y if bias is None else y + np.asarray(bias, np.float64)


def max_pool2d(
    x: ArrayLike, window: _Pair, *, stride: _Pair, padding: _Pads = ((0, 0), (0, 0))
) -> NDArray[np.float64]:
    """Take the maximum of every window of (b h w c); padding is minus infinity."""
    padded = _padded(x, padding, -np.inf)
    return _pooled(padded, window, stride, lambda covered: covered.max(axis=(1, 2)))


def avg_pool2d(
    x: ArrayLike, window: _Pair, *, stride: _Pair, padding: _Pads = ((0, 0), (0, 0))
) -> NDArray[np.float64]:
    """Take the mean of the real pixels of every window of (b h w c)."""
    padded = _padded(x, padding, np.nan)
    return _pooled(padded, window, stride, lambda covered: np.nanmean(covered, axis=(1, 2)))


def dense(x: ArrayLike, kernel: ArrayLike, bias: ArrayLike | None = None) -> NDArray[np.float64]:
    """Map (... f) by (f o): every output is one sum."""
    x, w = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    y = (x[..., :, None] * w).sum(axis=-2)
    return y if bias is None else y + np.asarray(bias, np.float64)


def matmul(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Multiply (... n m) by (... m k): three loops, one multiplication and addition at a time."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    b = np.broadcast_to(b, (*a.shape[:-2], *b.shape[-2:]))
    y = np.zeros((*a.shape[:-1], b.shape[-1]))
    for n, k, m in np.ndindex(a.shape[-2], b.shape[-1], a.shape[-1]):
        y[..., n, k] += a[..., n, m] * b[..., m, k]
    return y


def softmax(x: ArrayLike) -> NDArray[np.float64]:
    """Divide the exponentials of the last axis by their sum; zeros where it is zero."""
    powers = np.exp(np.asarray(x, np.float64))
    total = powers.sum(axis=-1, keepdims=True)
    return np.divide(powers, total, out=np.zeros_like(powers), where=total > 0)


def log_sum_exp(x: ArrayLike) -> NDArray[np.float64]:
    """Take the logarithm of the sum of the exponentials of the last axis."""
    return np.logaddexp.reduce(np.asarray(x, np.float64), axis=-1)


def layer_norm(
    x: ArrayLike, scale: ArrayLike, offset: ArrayLike, epsilon: float = 1e-6
) -> NDArray[np.float64]:
    """Subtract the mean of the last axis, divide by the root of its variance plus epsilon."""
    x = np.asarray(x, np.float64)
    z = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)
    return z * np.asarray(scale, np.float64) + np.asarray(offset, np.float64)


def rms_norm(x: ArrayLike, scale: ArrayLike, epsilon: float = 1e-6) -> NDArray[np.float64]:
    """Divide by the root of the mean square of the last axis plus epsilon."""
    x = np.asarray(x, np.float64)
    root = np.sqrt((x * x).mean(-1, keepdims=True) + epsilon)
    return x / root * np.asarray(scale, np.float64)


def batch_norm(
    x: ArrayLike, scale: ArrayLike, offset: ArrayLike, epsilon: float = 1e-5
) -> NDArray[np.float64]:
    """Standardise each channel (the last axis) over everything else, channel by channel."""
    x = np.asarray(x, np.float64)
    y = np.empty_like(x)
    for c, (factor, shift) in enumerate(zip(np.asarray(scale), np.asarray(offset), strict=True)):
        one = x[..., c]
        y[..., c] = (one - one.mean()) / np.sqrt(one.var() + epsilon) * factor + shift
    return y


def attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    *,
    causal: bool = False,
    mask: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Weigh the values for one batch entry, head and query at a time: (b t e d), (b s e d)."""
    q, k, v = (np.asarray(array, np.float64) for array in (query, key, value))
    (b, t, e, d), s = q.shape, k.shape[1]
    allowed = np.ones((b, e, t, s), bool) if mask is None else np.broadcast_to(mask, (b, e, t, s))
    y = np.zeros_like(q)
    for n, head, i in np.ndindex(b, e, t):
        seen = [j for j in range(s) if allowed[n, head, i, j] and (not causal or j <= i + s - t)]
        if seen:
            shares = softmax(k[n, seen, head] @ q[n, i, head] / np.sqrt(d))
            y[n, i, head] = shares @ v[n, seen, head]
    return y


def lstm(
    x: ArrayLike, input_kernel: ArrayLike, recurrent_kernel: ArrayLike, bias: ArrayLike
) -> NDArray[np.float64]:
    """Step through (b t f) from a state of zeros; gates i, f, g, o."""
    x, w, u, bias = (
        np.asarray(array, np.float64) for array in (x, input_kernel, recurrent_kernel, bias)
    )
    h, c, y = np.zeros((x.shape[0], u.shape[0])), np.zeros((x.shape[0], u.shape[0])), []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ w + h @ u + bias, 4, axis=-1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        y.append(h)
    return np.stack(y, axis=1)


def gru(
    x: ArrayLike,
    input_kernel: ArrayLike,
    recurrent_kernel: ArrayLike,
    bias: ArrayLike,
    candidate_bias: ArrayLike,
) -> NDArray[np.float64]:
    """Step through (b t f) from a state of zeros; gates r, z, n."""
    x, w, u, bias, inner = (
        np.asarray(array, np.float64)
        for array in (x, input_kernel, recurrent_kernel, bias, candidate_bias)
    )
    h, y = np.zeros((x.shape[0], u.shape[0])), []
    for t in range(x.shape[1]):
        (r, z, n), (a, b, c) = np.split(x[:, t] @ w + bias, 3, axis=-1), np.split(h @ u, 3, axis=-1)
        z = _sigmoid(z + b)
        h = (1 - z) * np.tanh(n + _sigmoid(r + a) * (c + inner)) + z * h
        y.append(h)
    return np.stack(y, axis=1)


def embedding(table: ArrayLike, indices: ArrayLike) -> NDArray[np.float64]:
    """Read one row after the other."""
    table, indices = np.asarray(table, np.float64), np.asarray(indices)
    rows = np.stack([table[i] for i in indices.reshape(-1)])
    return rows.reshape(*indices.shape, table.shape[1])


def adam_update(
    parameter: ArrayLike,
    gradients: list[ArrayLike],
    *,
    learning_rate: float = 1e-3,
    b1: float = 0.9,
    b2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> NDArray[np.float64]:
    """Take one step for each gradient in turn, from a state of zeros."""
    p = np.asarray(parameter, np.float64)
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t, gradient in enumerate(gradients, start=1):
        g = np.asarray(gradient, np.float64)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        corrected = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + epsilon)
        p = p - learning_rate * (corrected + weight_decay * p)
    return p


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))


def _padded(x: ArrayLike, padding: _Pads, value: float) -> NDArray[np.float64]:
    return np.pad(np.asarray(x, np.float64), ((0, 0), *padding, (0, 0)), constant_values=value)


def _pooled(x, window, stride, reduce) -> NDArray[np.float64]:  # type: ignore[no-untyped-def]
    rows = (x.shape[1] - window[0]) // stride[0] + 1
    columns = (x.shape[2] - window[1]) // stride[1] + 1
    y = np.zeros((x.shape[0], rows, columns, x.shape[3]))
    for p, r in np.ndindex(rows, columns):
        top, left = p * stride[0], r * stride[1]
        y[:, p, r] = reduce(x[:, top : top + window[0], left : left + window[1]])
    return y
