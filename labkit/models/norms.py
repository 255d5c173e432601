"""Normalising layers: the scales and offsets they learn, the statistics they keep."""

from __future__ import annotations

import jax.numpy as jnp
from flax import nnx
from jax import Array

from labkit import kernels
from labkit.types import Float

__all__ = ["BatchNorm", "LayerNorm"]


class BatchNorm(nnx.Module):
    """Each channel brought to mean 0 and variance 1 over the batch, then scaled and shifted.

    In evaluation mode (``model.eval()``, or `labkit.models.predict`) the averages of the batches
    seen in training take the place of the batch's own statistics.

    Args:
        channels: length of the last axis.
        momentum: share of the old average kept at each batch.
        epsilon: keeps the root away from zero.

    Source: Ioffe and Szegedy 2015 (arXiv:1502.03167). The average takes the batch's variance
        divided by n, as flax does; PyTorch divides by n - 1 there.
    """

    def __init__(self, channels: int, *, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        self.scale = nnx.Param(jnp.ones(channels))
        self.offset = nnx.Param(jnp.zeros(channels))
        self.mean = nnx.BatchStat(jnp.zeros(channels))
        self.variance = nnx.BatchStat(jnp.ones(channels))
        self.momentum, self.epsilon = momentum, epsilon
        self.use_running_average = False

    def set_view(self, use_running_average: bool | None = None, **unused: object) -> dict:
        """Choose between the batch's statistics and the averages (for ``nnx.view``)."""
        if use_running_average is not None:
            self.use_running_average = use_running_average
        return unused

    def __call__(self, x: Float[Array, "... c"]) -> Float[Array, "... c"]:
        """Normalise; in training, also move the averages towards this batch."""
        known = self.use_running_average
        result = kernels.batch_norm(
            x,
            self.scale[...],
            self.offset[...],
            mean=self.mean[...] if known else None,
            variance=self.variance[...] if known else None,
            epsilon=self.epsilon,
        )
        if not known:
            keep = self.momentum
            self.mean[...] = keep * self.mean[...] + (1 - keep) * result.mean
            self.variance[...] = keep * self.variance[...] + (1 - keep) * result.variance
        return result.y


class LayerNorm(nnx.Module):
    """The features of each example brought to mean 0 and variance 1, then scaled and shifted.

    Args:
        features: length of the last axis.
        epsilon: keeps the root away from zero.

    Source: Ba, Kiros and Hinton 2016 (arXiv:1607.06450).
    """

    def __init__(self, features: int, *, epsilon: float = 1e-6) -> None:
        self.scale = nnx.Param(jnp.ones(features))
        self.offset = nnx.Param(jnp.zeros(features))
        self.epsilon = epsilon

    def __call__(self, x: Float[Array, "... d"]) -> Float[Array, "... d"]:
        """Normalise along the last axis."""
        return kernels.layer_norm(x, self.scale[...], self.offset[...], epsilon=self.epsilon)
