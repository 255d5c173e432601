"""The layers that models are made of: parameters held by flax, arithmetic done by the kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax
from flax import nnx
from jax import Array

from labkit import kernels
from labkit.types import Float, Int

__all__ = ["Activation", "Conv", "Dense", "Embedding", "Flatten", "MaxPool"]

#: A function applied to each element, such as ``jax.nn.relu``.
Activation: TypeAlias = Callable[[Array], Array]

_HE = jax.nn.initializers.he_normal()
_ZEROS = jax.nn.initializers.zeros


class Dense(nnx.Module):
    """Every output a weighted sum of every input: ``x @ kernel + bias``.

    Args:
        in_features: length of the last axis of the input.
        out_features: length of the last axis of the output.
        use_bias: whether a constant is added to each output.
        initializer: draws the kernel from ``(key, shape)``.
        rngs: the random stream that the parameters are drawn from.

    Source: He et al. 2015 (arXiv:1502.01852), section 2.2, for the default initial scale.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        use_bias: bool = True,
        initializer: Callable[..., Array] = _HE,
        rngs: nnx.Rngs,
    ) -> None:
        self.kernel = nnx.Param(initializer(rngs.params(), (in_features, out_features)))
        self.bias = nnx.Param(_ZEROS(rngs.params(), (out_features,))) if use_bias else None

    def __call__(self, x: Float[Array, "... d"]) -> Float[Array, "... o"]:
        """Map the last axis."""
        bias = None if self.bias is None else self.bias[...]
        return kernels.dense(x, self.kernel[...], bias)


class Conv(nnx.Module):
    """A window of weights slid over an image: one output map for each of ``out_channels``.

    Args:
        in_channels: channels of the input image.
        out_channels: maps produced.
        window: rows and columns of the window.
        stride: steps between neighbouring windows.
        padding: "VALID" (windows stay inside), "SAME" (zeros around; size kept at stride 1), or
            so many zeros on each side.
        use_bias: whether a constant is added to each map; none is needed before a normalisation.
        groups: the channels are cut into so many groups that do not mix.
        method: the formulation that computes it, as in `labkit.kernels.conv2d`.
        rngs: the random stream that the parameters are drawn from.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        window: tuple[int, int] = (3, 3),
        stride: int = 1,
        padding: kernels.Padding = "VALID",
        use_bias: bool = True,
        groups: int = 1,
        method: str = "auto",
        rngs: nnx.Rngs,
    ) -> None:
        shape = (*window, in_channels // groups, out_channels)
        self.kernel = nnx.Param(_HE(rngs.params(), shape))
        self.bias = nnx.Param(_ZEROS(rngs.params(), (out_channels,))) if use_bias else None
        self.stride, self.padding, self.groups, self.method = stride, padding, groups, method

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 o"]:
        """Slide the window over each image."""
        return kernels.conv2d(
            x,
            self.kernel[...],
            None if self.bias is None else self.bias[...],
            stride=self.stride,
            padding=self.padding,
            groups=self.groups,
            method=self.method,
        )


class MaxPool(nnx.Module):
    """The largest value of each window, channel by channel: coarser maps, no parameters."""

    def __init__(self, window: int = 2) -> None:
        self.window = window

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
        """Take the maxima; rows and columns that fill no window are dropped."""
        return kernels.max_pool2d(x, self.window)


class Flatten(nnx.Module):
    """All axes but the batch's laid out as one."""

    def __call__(self, x: Float[Array, "b ..."]) -> Float[Array, "b f"]:
        """Reshape to two axes."""
        return x.reshape(x.shape[0], -1)


class Embedding(nnx.Module):
    """A vector for each token, learned.

    Args:
        num_tokens: size of the vocabulary.
        width: length of each vector.
        rngs: the random stream that the parameters are drawn from.
    """

    def __init__(self, num_tokens: int, width: int, *, rngs: nnx.Rngs) -> None:
        self.num_tokens = num_tokens
        self.table = nnx.Param(jax.random.normal(rngs.params(), (num_tokens, width)) * 0.02)

    def __call__(self, tokens: Int[Array, "*b"]) -> Float[Array, "*b d"]:
        """Look the vectors up."""
        return kernels.embedding(self.table[...], tokens)
