"""Long short-term memory, scanned over time (see `recurrent` for how)."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

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

__all__ = ["LSTMState", "lstm"]


class LSTMState(NamedTuple):
    """What an LSTM carries from one time to the next: (b d) each."""

    hidden: Array
    cell: Array


def lstm(
    x: ArrayLike,
    input_kernel: ArrayLike,
    recurrent_kernel: ArrayLike,
    bias: ArrayLike,
    state: LSTMState | None = None,
    *,
    method: str = "auto",
) -> tuple[Array, LSTMState]:
    """Long short-term memory over a whole sequence.

    ``i, f, g, o = split(x_t @ input_kernel + h @ recurrent_kernel + bias)``, then
    ``c = sigmoid(f) * c + sigmoid(i) * tanh(g)`` and ``h = sigmoid(o) * tanh(c)``.

    FLOPs: ``8 * b * t * d * (f + d)``, a third of a training step's. Bytes at least: x, the
    kernels, the outputs, and in training the four gates of every time.

    Args:
        x: (b t f).
        input_kernel: (f 4*d), gates in the order i, f, g, o.
        recurrent_kernel: (d 4*d).
        bias: (4*d).
        state: to start from; zeros if none.
        method: ``"auto"``, or a name in `RECURRENT_METHODS`.

    Returns:
        The hidden state of every time (b t d), and the last state.

    Raises:
        ShapeError: axes that do not fit each other.
        ArgumentError: a method that does not exist.

    Source: F. A. Gers, J. Schmidhuber and F. Cummins, "Learning to Forget" (2000), without
        peepholes; gates as in PyTorch's ``nn.LSTM``.

    Example:
        >>> y, state = lstm(jnp.ones((2, 5, 3)), jnp.ones((3, 8)), jnp.ones((2, 8)), jnp.zeros(8))
        >>> y.shape, state.cell.shape
        ((2, 5, 2), (2, 2))
    """
    known_method(method, RECURRENT_METHODS)
    x, kernel, recurrent = checked(x, input_kernel, recurrent_kernel, gates=4)
    row = checked_bias("bias", bias, kernel.shape[1]).astype(x.dtype)
    gates = add_row(map_rows(x, kernel), row)
    if state is None:
        zeros = jnp.zeros((x.shape[0], recurrent.shape[0]), x.dtype)
        state = LSTMState(zeros, zeros)
    scan = _lstm_scan if method == "autodiff" else _lstm_fused
    outputs, cells = scan(gates.transpose(1, 0, 2), recurrent, state.hidden, state.cell)
    last = LSTMState(outputs[-1], cells[-1]) if x.shape[1] else state
    return outputs.transpose(1, 0, 2), last


def _lstm_step(
    state: tuple[Array, Array], gates: Array, recurrent: Array
) -> tuple[tuple[Array, Array], Array]:
    """One time; also returns the four gates after their sigmoid or tanh, side by side.

    ``tanh(x) = 2 sigmoid(2 x) - 1``, so that one formula serves all four gates at once.
    """
    hidden, cell = state
    factor = jnp.ones(4, gates.dtype).at[2].set(2).repeat(cell.shape[-1])
    acted = factor * jax.nn.sigmoid(factor * (gates + hidden @ recurrent)) + (1 - factor)
    i, f, g, o = jnp.split(acted, 4, axis=-1)
    cell = f * cell + i * g
    return (o * jnp.tanh(cell), cell), acted


def _lstm_scan(gates: Array, recurrent: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
    def step(state: tuple[Array, Array], now: Array) -> tuple[Any, Any]:
        new = _lstm_step(state, now, recurrent)[0]
        return new, new

    return lax.scan(step, (hidden, cell), gates)[1]


@jax.custom_vjp
def _lstm_fused(gates: Array, recurrent: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
    return _lstm_scan(gates, recurrent, hidden, cell)


_LSTMKept: TypeAlias = tuple[Array, Array, Array, Array, Array, Array]


def _lstm_forward(
    gates: Array, recurrent: Array, hidden: Array, cell: Array
) -> tuple[tuple[Array, Array], _LSTMKept]:
    def step(
        state: tuple[Array, Array], now: Array
    ) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
        new, acted = _lstm_step(state, now, recurrent)
        return new, (*new, acted)

    outputs, cells, acted = lax.scan(step, (hidden, cell), gates)[1]
    return (outputs, cells), (outputs, cells, acted, recurrent, hidden, cell)


def _lstm_backward(kept: _LSTMKept, gradient: tuple[Array, Array]) -> tuple[Array, ...]:
    """Everything that needs no later time is computed for all times at once, before the scan."""
    outputs, cells, acted, recurrent, hidden, cell = kept
    i, f, g, o = jnp.split(acted, 4, axis=-1)
    squashed = jnp.tanh(cells)
    through_output = o * (1 - squashed**2)
    earlier = states_before(cell, cells)
    flipped = recurrent.T  # in the loop, the product would turn it round again at every time
    slopes = [g * i * (1 - i), earlier * f * (1 - f), i * (1 - g**2), squashed * o * (1 - o)]

    def step(state: tuple[Array, Array], now: tuple[Array, ...]) -> tuple[Any, Array]:
        for_hidden, for_cell = state
        from_output, from_cell, through, slope, forget = now
        for_hidden = for_hidden + from_output
        for_cell = for_cell + from_cell + for_hidden * through
        pull = jnp.concatenate([for_cell, for_cell, for_cell, for_hidden], axis=-1) * slope
        return (pull @ flipped, for_cell * forget), pull

    start = (jnp.zeros_like(hidden), jnp.zeros_like(cell))
    times = (*gradient, through_output, jnp.concatenate(slopes, axis=-1), f)
    (for_hidden, for_cell), pulls = lax.scan(step, start, times, reverse=True)
    return pulls, along_rows(states_before(hidden, outputs), pulls), for_hidden, for_cell


_lstm_fused.defvjp(_lstm_forward, _lstm_backward)
