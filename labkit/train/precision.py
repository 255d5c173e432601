"""Computing in 16 bits while the parameters stay in 32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from labkit.types import Bool, Float, Int, PyTree

__all__ = ["BFLOAT16", "FLOAT16", "FLOAT32", "LossScale", "Precision"]


class LossScale(NamedTuple):
    """A factor on the loss that keeps float16 gradients above the smallest number of the type.

    It is halved when a gradient overflows (that step is left out) and doubled after
    ``_GROW_AFTER`` steps without one.

    Source: Micikevicius et al. 2018, "Mixed Precision Training" (arXiv:1710.03740), section 3.2.
    """

    factor: Float[Array, ""]
    good_steps: Int[Array, ""]

    def unscaled(self, gradients: PyTree) -> tuple[PyTree, LossScale, Bool[Array, ""]]:
        """The true gradients, the scale for the next step, and whether all gradients are finite."""
        gradients = jax.tree.map(lambda g: g / self.factor, gradients)
        finite = jnp.array([jnp.isfinite(g).all() for g in jax.tree.leaves(gradients)]).all()
        grows = finite & (self.good_steps + 1 >= _GROW_AFTER)
        factor = jnp.where(finite, self.factor, self.factor / 2)
        factor = jnp.where(grows, factor * 2, factor)
        good_steps = jnp.where(finite & ~grows, self.good_steps + 1, 0)
        return gradients, LossScale(jnp.maximum(factor, 1.0), good_steps), finite


_GROW_AFTER = 200


@dataclass(frozen=True)
class Precision:
    """The type that layers compute in; parameters, statistics and losses stay in float32.

    Attributes:
        compute: the type that parameters and inputs are cast to.
        scaled_from: where the loss scale starts; 0 for none, which float32 and bfloat16 need not.

    Example:
        >>> BFLOAT16.lowered({"w": jnp.ones(2), "step": jnp.int32(3)})["w"].dtype.name
        'bfloat16'
    """

    compute: Any = jnp.float32
    scaled_from: float = 0.0

    def lowered(self, tree: PyTree) -> PyTree:
        """Floating arrays in the computing type, all others as they are."""
        return _cast(tree, jnp.float32, self.compute)

    def raised(self, tree: PyTree) -> PyTree:
        """Arrays of the computing type in float32."""
        return _cast(tree, self.compute, jnp.float32)

    def initial_scale(self) -> LossScale | None:
        """The loss scale before the first step."""
        if not self.scaled_from:
            return None
        return LossScale(jnp.float32(self.scaled_from), jnp.int32(0))

    def scaled(self, loss: Array, scale: LossScale | None) -> Array:
        """What is differentiated."""
        return loss if scale is None else loss * scale.factor


def _cast(tree: PyTree, old: Any, new: Any) -> PyTree:
    return jax.tree.map(lambda leaf: leaf.astype(new) if leaf.dtype == old else leaf, tree)


#: Plain single precision.
FLOAT32 = Precision()
#: The range of float32 with 8 bits of precision: half the memory, no loss scale needed.
BFLOAT16 = Precision(jnp.bfloat16)
#: 11 bits of precision, but nothing below 6e-8: gradients need a loss scale.
FLOAT16 = Precision(jnp.float16, scaled_from=2.0**15)
