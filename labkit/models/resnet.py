"""Residual networks for small images: each block adds to what it was given."""

from __future__ import annotations

from dataclasses import dataclass

import jax
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.models.checks import batch_of
from labkit.models.layers import Conv, Dense
from labkit.models.norms import BatchNorm
from labkit.types import Float

__all__ = ["ResNet", "ResNetConfig", "SeparableConv"]


@dataclass(frozen=True)
class ResNetConfig:
    """What a residual network looks like.

    Attributes:
        image_shape: rows, columns and channels of one image.
        widths: channels of each stage; all stages but the first begin by halving the image.
        blocks: residual blocks in each stage.
        num_classes: classes to tell apart.
        separable: whether each 3x3 convolution is split into one per channel and one across
            channels: about 8 times fewer operations.
        rematerialise: whether the values inside a block are computed again for the gradient
            instead of being kept: less memory, a third more time.
    """

    image_shape: tuple[int, int, int]
    widths: tuple[int, ...] = (16, 32, 64)
    blocks: int = 1
    num_classes: int = 10
    separable: bool = False
    rematerialise: bool = False

    def __post_init__(self) -> None:
        if self.blocks < 1 or not self.widths:
            raise ArgumentError("ResNetConfig", required="at least one block", got=self)

    @classmethod
    def resnet8(cls, image_shape: tuple[int, int, int] = (32, 32, 3)) -> ResNetConfig:
        """8 layers with weights: the smallest of the CIFAR-10 family."""
        return cls(image_shape, blocks=1)

    @classmethod
    def resnet20(cls, image_shape: tuple[int, int, int] = (32, 32, 3)) -> ResNetConfig:
        """20 layers with weights."""
        return cls(image_shape, blocks=3)


class SeparableConv(nnx.Module):
    """A 3x3 convolution in each channel alone, then a 1x1 convolution across the channels.

    Source: Howard et al. 2017 (arXiv:1704.04861), section 3.1.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, rngs: nnx.Rngs) -> None:
        self.depthwise = Conv(
            in_channels,
            in_channels,
            stride=stride,
            padding=1,
            use_bias=False,
            groups=in_channels,
            rngs=rngs,
        )
        self.pointwise = Conv(in_channels, out_channels, window=(1, 1), use_bias=False, rngs=rngs)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 o"]:
        """Look around in each channel, then mix the channels."""
        return self.pointwise(self.depthwise(x))


class _Block(nnx.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, n: int, m: int, stride: int, separable: bool, rngs: nnx.Rngs) -> None:
        self.first = _conv3x3(n, m, stride, separable, rngs)
        self.first_norm = BatchNorm(m)
        self.second = _conv3x3(m, m, 1, separable, rngs)
        self.second_norm = BatchNorm(m)
        changes = stride > 1 or n != m
        self.shortcut = (
            Conv(n, m, window=(1, 1), stride=stride, use_bias=False, rngs=rngs) if changes else None
        )
        self.shortcut_norm = BatchNorm(m) if changes else None

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 o"]:
        y = jax.nn.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        if self.shortcut is not None and self.shortcut_norm is not None:
            x = self.shortcut_norm(self.shortcut(x))
        return jax.nn.relu(x + y)


class ResNet(nnx.Module):
    """A residual network: convolution, stages of blocks, mean over the image, classes.

    Args:
        config: its sizes.
        rngs: the random stream that the parameters are drawn from.

    Source: He et al. 2016 (arXiv:1512.03385), section 4.2; where the shape changes, the shortcut is
        a 1x1 convolution (option B) instead of added zeros (option A).

    Example:
        >>> model = ResNet(ResNetConfig.resnet8(), rngs=nnx.Rngs(0))
        >>> nnx.eval_shape(lambda m, x: m(x), model, jax.numpy.zeros((2, 32, 32, 3))).shape
        (2, 10)
    """

    def __init__(self, config: ResNetConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        width = config.widths[0]
        self.stem = _conv3x3(config.image_shape[2], width, 1, False, rngs)
        self.stem_norm = BatchNorm(width)
        blocks = []
        for stage, channels in enumerate(config.widths):
            for place in range(config.blocks):
                stride = 2 if stage and not place else 1
                blocks.append(_Block(width, channels, stride, config.separable, rngs))
                width = channels
        self.blocks = nnx.List(blocks)
        self.head = Dense(width, config.num_classes, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "b k"]:
        """Scores (logits) of each class for each image."""
        x = batch_of(self.config.image_shape, inputs)
        x = jax.nn.relu(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            x = nnx.remat(_Block.__call__)(block, x) if self.config.rematerialise else block(x)
        return self.head(x.mean((1, 2)))


def _conv3x3(n: int, m: int, stride: int, separable: bool, rngs: nnx.Rngs) -> nnx.Module:
    if separable:
        return SeparableConv(n, m, stride=stride, rngs=rngs)
    return Conv(n, m, stride=stride, padding=1, use_bias=False, rngs=rngs)
