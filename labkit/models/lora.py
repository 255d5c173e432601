"""Low-rank adapters: a trained layer learns something new through two small matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from labkit import kernels
from labkit.errors import ArgumentError
from labkit.models.layers import Dense
from labkit.types import Float

__all__ = ["Adapted", "merge_lora", "with_lora"]

_HE = jax.nn.initializers.he_uniform()


class Adapted(nnx.Module):
    """A dense layer and its adapter: ``layer(x) + (alpha / rank) * (x @ down) @ up``.

    ``up`` starts at zero, so that an adapted model begins as the model it was. Both matrices are
    ``nnx.LoRAParam``: ``fit(..., trained=nnx.LoRAParam)`` learns them and nothing else.

    Args:
        layer: the layer, whose own kernel and bias stay as they are.
        rank: features between the two matrices; no more than the smaller side of the kernel are
            used, for these already reach every change.
        alpha: how strongly the adapter counts: its output is multiplied by ``alpha / rank``.
        rngs: the random stream that ``down`` is drawn from.

    Source: Hu et al. 2022 (arXiv:2106.09685), section 4.1.
    """

    def __init__(self, layer: Dense, rank: int, *, alpha: float, rngs: nnx.Rngs) -> None:
        if rank < 1:
            raise ArgumentError("rank", required="at least 1", got=rank)
        self.layer, self.scale = layer, alpha / rank
        n, m = layer.kernel[...].shape
        rank = min(rank, n, m)
        self.down = nnx.LoRAParam(_HE(rngs.params(), (n, rank)))
        self.up = nnx.LoRAParam(jnp.zeros((rank, m)))

    def __call__(self, x: Float[Array, "... d"]) -> Float[Array, "... o"]:
        """Map the last axis."""
        learned = kernels.dense(kernels.dense(x, self.down[...]), self.up[...])
        return self.layer(x) + self.scale * learned

    def merged(self) -> Dense:
        """One dense layer that computes the same: ``kernel + (alpha / rank) * down @ up``."""
        change = self.scale * (self.down[...] @ self.up[...])
        layer = nnx.clone(self.layer)
        layer.kernel[...] = self.layer.kernel[...] + change
        return layer


def with_lora(
    model: nnx.Module,
    rank: int = 8,
    *,
    alpha: float | None = None,
    where: Callable[[str], bool] | None = None,
    rngs: nnx.Rngs,
) -> nnx.Module:
    """The model with an adapter on its dense layers; the model given stays as it was.

    Args:
        model: any model of this room.
        rank: features between the two matrices of each adapter.
        alpha: an adapter's output is multiplied by ``alpha / rank``; ``rank`` if not given.
        where: told the name of a dense layer, such as ``layers.0.query``, says whether it is
            adapted; all are if it is not given.
        rngs: the random stream that the adapters are drawn from.

    Raises:
        ArgumentError: no dense layer is chosen, or a rank below 1.

    Example:
        >>> from labkit.models import MLP, MLPConfig
        >>> model = MLP(MLPConfig((6,), (8,), 3), rngs=nnx.Rngs(0))
        >>> adapted = with_lora(model, 2, where=lambda name: name != "head", rngs=nnx.Rngs(1))
        >>> [leaf.shape for leaf in jax.tree.leaves(nnx.state(adapted, nnx.LoRAParam))]
        [(6, 2), (2, 8)]
    """
    adapted = []

    def adapt(path: tuple, node: Any) -> Any:
        name = ".".join(map(str, path))
        if not isinstance(node, Dense) or (where and not where(name)):
            return node
        adapted.append(name)
        return Adapted(node, rank, alpha=rank if alpha is None else alpha, rngs=rngs)

    result = nnx.recursive_map(adapt, nnx.clone(model))
    if not adapted:
        raise ArgumentError("where", required="true for a dense layer of the model", got=where)
    return result


def merge_lora(model: nnx.Module) -> nnx.Module:
    """The model with every adapter added into its layer: as fast and as small as before.

    Example:
        >>> from labkit.models import MLP, MLPConfig
        >>> model = MLP(MLPConfig((6,), (8,), 3), rngs=nnx.Rngs(0))
        >>> merged = merge_lora(with_lora(model, 2, rngs=nnx.Rngs(1)))
        >>> type(merged.head).__name__
        'Dense'
    """

    def merge(_path: tuple, node: Any) -> Any:
        return node.merged() if isinstance(node, Adapted) else node

    return nnx.recursive_map(merge, nnx.clone(model))
