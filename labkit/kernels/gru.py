"""Gated recurrent unit, scanned over time (see `recurrent` for how)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.kernels._checks import known_method
from labkit.kernels.recurrent import (
    RECURRENT_METHODS,
    checked,
    checked_bias,
    states_before,
)
from labkit.kernels.rows import add_row, along_rows, map_rows

__all__ = ["gru"]


def gru(
    x: ArrayLike,
    input_kernel: ArrayLike,
    recurrent_kernel: ArrayLike,
    bias: ArrayLike,
    candidate_bias: ArrayLike,
    state: ArrayLike | None = None,
    *,
    method: str = "auto",
) -> tuple[Array, Array]:
    """Gated recurrent unit over a whole sequence.

    ``r, z, n = split(x_t @ input_kernel + bias)`` and ``u, v, w = split(h @ recurrent_kernel)``,
    then ``n = tanh(n + sigmoid(r + u) * (w + candidate_bias))``, ``z = sigmoid(z + v)`` and
    ``h = (1 - z) * n + z * h``.

    FLOPs: ``6 * b * t * d * (f + d)``, a third of a training step's. Bytes at least: x, the
    kernels, the outputs, and in training the gates of every time.

    Args:
        x: (b t f).
        input_kernel: (f 3*d), gates in the order r, z, n.
        recurrent_kernel: (d 3*d).
        bias: (3*d).
        candidate_bias: (d), inside the reset gate.
        state: the hidden state (b d) to start from; zeros if none.
        method: ``"auto"``, or a name in `RECURRENT_METHODS`.

    Returns:
        The hidden state of every time (b t d), and the last one (b d).

    Raises:
        ShapeError: axes that do not fit each other.
        ArgumentError: a method that does not exist.

    Source: K. Cho et al. (arXiv:1406.1078), in the form of PyTorch's ``nn.GRU``: the reset gate
        acts after the product, so that one product serves all three gates.

    Example:
        >>> y, h = gru(
        ...     jnp.ones((2, 5, 3)), jnp.ones((3, 6)), jnp.ones((2, 6)), jnp.zeros(6), jnp.zeros(2)
        ... )
        >>> y.shape, h.shape
        ((2, 5, 2), (2, 2))
    """
    known_method(method, RECURRENT_METHODS)
    x, kernel, recurrent = checked(x, input_kernel, recurrent_kernel, gates=3)
    row = checked_bias("bias", bias, kernel.shape[1]).astype(x.dtype)
    gates = add_row(map_rows(x, kernel), row)
    inner = checked_bias("candidate_bias", candidate_bias, recurrent.shape[0]).astype(x.dtype)
    width = recurrent.shape[0]
    first = jnp.zeros((x.shape[0], width), x.dtype) if state is None else jnp.asarray(state)
    scan = _gru_scan if method == "autodiff" else _gru_fused
    outputs = scan(gates.transpose(1, 0, 2), recurrent, inner, first)
    return outputs.transpose(1, 0, 2), outputs[-1] if x.shape[1] else first


def _gru_step(hidden: Array, gates: Array, recurrent: Array, inner: Array) -> tuple[Array, Array]:
    """One time; also returns r, z, n and the inner product, side by side."""
    r, z, n = jnp.split(gates, 3, axis=-1)
    u, v, w = jnp.split(hidden @ recurrent, 3, axis=-1)
    r, z, w = jax.nn.sigmoid(r + u), jax.nn.sigmoid(z + v), w + inner
    n = jnp.tanh(n + r * w)
    return (1 - z) * n + z * hidden, jnp.concatenate([r, z, n, w], axis=-1)


def _gru_scan(gates: Array, recurrent: Array, inner: Array, hidden: Array) -> Array:
    def step(hidden: Array, now: Array) -> tuple[Array, Array]:
        new = _gru_step(hidden, now, recurrent, inner)[0]
        return new, new

    return lax.scan(step, hidden, gates)[1]


@jax.custom_vjp
def _gru_fused(gates: Array, recurrent: Array, inner: Array, hidden: Array) -> Array:
    return _gru_scan(gates, recurrent, inner, hidden)


def _gru_forward(
    gates: Array, recurrent: Array, inner: Array, hidden: Array
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    def step(hidden: Array, now: Array) -> tuple[Array, tuple[Array, Array]]:
        new, acted = _gru_step(hidden, now, recurrent, inner)
        return new, (new, acted)

    outputs, acted = lax.scan(step, hidden, gates)[1]
    return outputs, (outputs, acted, recurrent, hidden)


def _gru_backward(kept: tuple[Array, ...], gradient: Array) -> tuple[Array, ...]:
    outputs, acted, recurrent, hidden = kept
    flipped = recurrent.T  # in the loop, the product would turn it round again at every time

    def step(
        for_hidden: Array, now: tuple[Array, Array, Array]
    ) -> tuple[Array, tuple[Array, Array]]:
        from_output, acted, before = now
        r, z, n, w = jnp.split(acted, 4, axis=-1)
        for_hidden = for_hidden + from_output
        for_n = for_hidden * (1 - z) * (1 - n**2)
        for_r = for_n * w * r * (1 - r)
        for_z = for_hidden * (before - n) * z * (1 - z)
        inside = jnp.concatenate([for_r, for_z, for_n * r], axis=-1)
        outside = jnp.concatenate([for_r, for_z, for_n], axis=-1)
        return inside @ flipped + for_hidden * z, (outside, inside)

    befores = states_before(hidden, outputs)
    start, times = jnp.zeros_like(hidden), (gradient, acted, befores)
    for_hidden, (outside, inside) = lax.scan(step, start, times, reverse=True)
    for_inner = inside[..., -hidden.shape[-1] :].sum(axis=(0, 1))
    return outside, along_rows(befores, inside), for_inner, for_hidden


_gru_fused.defvjp(_gru_forward, _gru_backward)
