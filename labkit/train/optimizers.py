"""Optimizers of the course, each composed from optax parts, and the schedules they follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import optax
from jax import Array

from labkit.errors import ArgumentError
from labkit.types import Float, PyTree

__all__ = [
    "OPTIMIZERS",
    "Rate",
    "accumulated",
    "adamw",
    "clipped",
    "l1_penalty",
    "lamb",
    "momentum",
    "muon",
    "sgd",
    "warmup_cosine",
]

#: A learning rate, or a schedule of it over the steps.
Rate: TypeAlias = float | Callable[[Array], Array]


def sgd(rate: Rate, *, weight_decay: float = 0.0) -> optax.GradientTransformation:
    """Plain gradient descent: ``w -= rate * (gradient + weight_decay * w)``."""
    return optax.chain(_decay(weight_decay), optax.scale_by_learning_rate(rate))


def momentum(
    rate: Rate, *, decay: float = 0.9, nesterov: bool = True, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    """Descent along a running sum of gradients: ``m = decay * m + gradient; w -= rate * m``.

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum", equations
        3 and 4 for ``nesterov``, which looks one step ahead.
    """
    return optax.chain(
        _decay(weight_decay),
        optax.trace(decay, nesterov),
        optax.scale_by_learning_rate(rate),
    )


def adamw(
    rate: Rate, *, b1: float = 0.9, b2: float = 0.999, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    """Adam, which divides each gradient by its usual size, with decay applied to the weights.

    Source: Kingma and Ba 2014 (arXiv:1412.6980), algorithm 1; Loshchilov and Hutter 2019
        (arXiv:1711.05101), algorithm 2. Kernels decay; biases and norms do not, as in practice.
    """
    return optax.chain(
        optax.scale_by_adam(b1, b2), _decay(weight_decay), optax.scale_by_learning_rate(rate)
    )


def lamb(rate: Rate, *, weight_decay: float = 0.0) -> optax.GradientTransformation:
    """Adam whose step in each layer is as long as the layer's weights allow: for large batches.

    Source: You et al. 2020 (arXiv:1904.00962), algorithm 2.
    """
    return optax.chain(
        optax.scale_by_adam(eps=1e-6),
        _decay(weight_decay),
        optax.scale_by_trust_ratio(),
        optax.scale_by_learning_rate(rate),
    )


def muon(
    rate: Rate, *, adam_rate: Rate | None = None, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    """Momentum whose matrix steps are made orthogonal; tables, biases and norms follow Adam.

    A convolution's kernel counts as one matrix, from all values in its window to its outputs.

    Args:
        rate: of the matrices, whose steps have singular values near 1: 0.02 is usual.
        adam_rate: of all other parameters; ``rate`` if not given.
        weight_decay: of the matrices.

    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
    """
    return optax.contrib.muon(
        rate,
        weight_decay=weight_decay,
        adam_learning_rate=adam_rate,
        muon_weight_dimension_numbers=_matrices,
    )


#: By name: functions of a learning rate.
OPTIMIZERS: dict[str, Callable[..., optax.GradientTransformation]] = {
    "sgd": sgd,
    "momentum": momentum,
    "adamw": adamw,
    "lamb": lamb,
    "muon": muon,
}


def clipped(
    optimizer: optax.GradientTransformation, max_norm: float
) -> optax.GradientTransformation:
    """Shorten a gradient longer than ``max_norm`` (over all parameters) before it is used.

    Source: Pascanu et al. 2013 (arXiv:1211.5063), algorithm 1.
    """
    if max_norm <= 0:
        raise ArgumentError("max_norm", required="above 0", got=max_norm)
    return optax.chain(optax.clip_by_global_norm(max_norm), optimizer)


def accumulated(
    optimizer: optax.GradientTransformation, steps: int
) -> optax.GradientTransformation:
    """Average the gradients of ``steps`` batches, then move: a large batch in little memory."""
    if steps < 1:
        raise ArgumentError("steps", required="at least 1", got=steps)
    return optax.MultiSteps(optimizer, every_k_schedule=steps).gradient_transformation()


def warmup_cosine(
    peak: float, steps: int, *, warmup: float = 0.1, final: float = 0.0
) -> Callable[[Array], Array]:
    """A rate that rises in a straight line to ``peak``, then sinks along half a cosine.

    Args:
        peak: the highest rate.
        steps: of the whole run.
        warmup: share of the steps spent rising.
        final: the rate at the end.

    Source: Loshchilov and Hutter 2017 (arXiv:1608.03983), equation 5, without restarts.

    Example:
        >>> rate = warmup_cosine(1.0, 100)
        >>> [round(float(rate(step)), 3) for step in (0, 10, 55, 100)]
        [0.0, 1.0, 0.5, 0.0]
    """
    if steps < 1 or not 0 <= warmup < 1:
        raise ArgumentError(
            "warmup_cosine", required="steps of at least 1, warmup in [0, 1)", got=(steps, warmup)
        )
    rising = round(warmup * steps)
    return optax.warmup_cosine_decay_schedule(
        peak if rising == 0 else 0.0, peak, rising, steps, final
    )


def l1_penalty(strength: float) -> Callable[[PyTree], Float[Array, ""]]:
    """``strength`` times the sum of all kernel weights' sizes: pulls unneeded weights to zero.

    Example:
        >>> float(l1_penalty(0.5)({"kernel": jnp.array([[1.0, -3.0]]), "bias": jnp.ones(2)}))
        2.0
    """

    def penalty(params: PyTree) -> Float[Array, ""]:
        kernels = [leaf for leaf in jax.tree.leaves(params) if leaf.ndim > 1]
        return strength * sum((jnp.abs(kernel).sum() for kernel in kernels), jnp.zeros(()))

    return penalty


def _decay(weight_decay: float) -> optax.GradientTransformation:
    if not weight_decay:
        return optax.identity()
    return optax.add_decayed_weights(weight_decay, mask=_kernels)


def _kernels(params: PyTree) -> PyTree:
    """True where a parameter is a kernel: biases and the scales of norms have one axis."""
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)


def _matrices(params: PyTree) -> PyTree:
    """How each kernel is a matrix, inputs by outputs; None where a parameter is none."""

    def matrix(path: tuple, leaf: Array) -> optax.contrib.MuonDimensionNumbers | None:
        if leaf.ndim < 2 or str(getattr(path[-1], "key", "")) == "table":
            return None
        return optax.contrib.MuonDimensionNumbers(tuple(range(leaf.ndim - 1)), leaf.ndim - 1)

    return jax.tree_util.tree_map_with_path(matrix, params)
