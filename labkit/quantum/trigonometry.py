"""Cosine and sine together, as polynomials that vectorise.

XLA calls a scalar routine for each sine on a CPU, about 6 ns an element; phases of 2**n
amplitudes would spend most of a circuit's time there. These polynomials take about 1 ns.

Source: the Cephes mathematical library (S. Moshier), sinf.c and sin.c: reduction to
[-pi/4, pi/4] in three parts and the minimax coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

__all__ = ["cos_sin"]

_SINE = {
    4: (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1),
    8: (
        1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
        -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1,
    ),
}  # fmt: skip
_COSINE = {
    4: (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2),
    8: (
        -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
        2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2,
    ),
}  # fmt: skip
#: pi / 2 in three parts, the first two short enough that their multiples are exact.
_HALF_PI = {
    4: (1.5703125, 4.837512969970703125e-4, 7.54978995489188e-8),
    8: (1.57079625129699707031, 7.54978941586159635336e-8, 5.39030252995776476554e-15),
}


@jax.custom_jvp
def cos_sin(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(cos x, sin x) to the rounding of x's type, for angles up to a few thousand radians.

    Example:
        >>> cosine, sine = cos_sin(jax.numpy.array([0.0, 0.5]))
        >>> print(f"{cosine[1]:.3f} {sine[1]:.3f}")
        0.878 0.479
    """
    size = x.dtype.itemsize
    quarter = jnp.round(x * (2 / jnp.pi))
    rest = x
    for part in _HALF_PI[size]:
        rest = rest - quarter * part
    square = rest * rest
    sine = rest + rest * square * _horner(_SINE[size], square)
    cosine = 1 - 0.5 * square + square * square * _horner(_COSINE[size], square)
    turn = quarter.astype(jnp.int32)
    swap = (turn & 1) == 1
    cosine, sine = jnp.where(swap, sine, cosine), jnp.where(swap, cosine, sine)
    return (
        jnp.where(((turn + 1) & 2) == 2, -cosine, cosine),
        jnp.where((turn & 2) == 2, -sine, sine),
    )


@cos_sin.defjvp
def _cos_sin_jvp(
    primals: tuple[jax.Array], tangents: tuple[jax.Array]
) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    cosine, sine = cos_sin(primals[0])
    return (cosine, sine), (-sine * tangents[0], cosine * tangents[0])


def _horner(coefficients: Sequence[float], x: jax.Array) -> jax.Array:
    value = jnp.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value
