"""The nine-layer residual network of fast training records."""

from __future__ import annotations

from dataclasses import dataclass

import jax
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.models.checks import batch_of
from labkit.models.layers import Conv, Dense, MaxPool
from labkit.models.norms import BatchNorm
from labkit.types import Float

__all__ = ["ResNet9", "ResNet9Config"]


@dataclass(frozen=True)
class ResNet9Config:
    """What a ResNet-9 looks like.

    Attributes:
        image_shape: rows, columns and channels of one image.
        width: channels after the first convolution; the stages have 2, 4 and 8 times as many.
        num_classes: classes to tell apart.
        logit_scale: the scores are multiplied with it, which keeps them small at the start.
    """

    image_shape: tuple[int, int, int]
    width: int = 64
    num_classes: int = 10
    logit_scale: float = 0.125

    @classmethod
    def cifar10(cls) -> ResNet9Config:
        """The record's own size: 6.57 million parameters."""
        return cls((32, 32, 3))

    @classmethod
    def fashion_mnist(cls) -> ResNet9Config:
        """A quarter of the width, for two cores."""
        return cls((28, 28, 1), width=16)


class _ConvNorm(nnx.Module):
    """Convolution, normalisation, rectifier."""

    def __init__(self, n: int, m: int, rngs: nnx.Rngs) -> None:
        self.conv = Conv(n, m, padding=1, use_bias=False, rngs=rngs)
        self.norm = BatchNorm(m)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w o"]:
        return jax.nn.relu(self.norm(self.conv(x)))


class ResNet9(nnx.Module):
    """Eight convolutions and a dense layer, with two residual blocks.

    Args:
        config: its sizes.
        rngs: the random stream that the parameters are drawn from.

    Source: Page 2018, "How to train your ResNet", part 4 (the network of the DAWNBench entry),
        https://myrtle.ai/how-to-train-your-resnet-4-architecture/

    Example:
        >>> model = ResNet9(ResNet9Config.fashion_mnist(), rngs=nnx.Rngs(0))
        >>> nnx.eval_shape(lambda m, x: m(x), model, jax.numpy.zeros((2, 28, 28, 1))).shape
        (2, 10)
    """

    def __init__(self, config: ResNet9Config, *, rngs: nnx.Rngs) -> None:
        self.config = config
        w = config.width
        self.stem = _ConvNorm(config.image_shape[2], w, rngs)
        self.stages = nnx.List([_ConvNorm(w * n, 2 * w * n, rngs) for n in (1, 2, 4)])
        self.residuals = nnx.List(
            [nnx.List([_ConvNorm(w * n, w * n, rngs) for _ in range(2)]) for n in (2, 8)]
        )
        self.pool = MaxPool(2)
        self.head = Dense(8 * w, config.num_classes, use_bias=False, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "b k"]:
        """Scores (logits) of each class for each image."""
        x = self.stem(batch_of(self.config.image_shape, inputs))
        x = self.pool(self.stages[0](x))
        x = x + self.residuals[0][1](self.residuals[0][0](x))
        x = self.pool(self.stages[1](x))
        x = self.pool(self.stages[2](x))
        x = x + self.residuals[1][1](self.residuals[1][0](x))
        return self.head(x.max((1, 2))) * self.config.logit_scale
