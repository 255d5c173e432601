"""A small vision transformer: an image as a sequence of patches."""

from __future__ import annotations

from dataclasses import dataclass

import jax
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.models.checks import batch_of
from labkit.models.layers import Dense
from labkit.models.norms import LayerNorm
from labkit.models.transformer import Block
from labkit.types import Float

__all__ = ["ViT", "ViTConfig", "patches"]


@dataclass(frozen=True)
class ViTConfig:
    """What a vision transformer looks like.

    Attributes:
        image_shape: rows, columns and channels of one image.
        patch: rows and columns of a square patch; divides those of the image.
        width: length of the vector of each patch.
        heads: attentions side by side; divides ``width``.
        layers: blocks, one above the other.
        num_classes: classes to tell apart.
        dropout: share of each block's two outputs set to zero at each training step.
    """

    image_shape: tuple[int, int, int]
    patch: int
    width: int = 64
    heads: int = 4
    layers: int = 4
    num_classes: int = 10
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.image_shape[0] % self.patch or self.image_shape[1] % self.patch:
            required = f"a divisor of both sides of {self.image_shape}"
            raise ArgumentError("patch", required=required, got=self.patch)
        if self.width % self.heads:
            raise ArgumentError("heads", required=f"a divisor of {self.width}", got=self.heads)

    @classmethod
    def digits(cls) -> ViTConfig:
        """16 patches of 2x2 pixels."""
        return cls((8, 8, 1), patch=2, layers=2)

    @classmethod
    def mnist(cls) -> ViTConfig:
        """49 patches of 4x4 pixels; fits Fashion-MNIST as well."""
        return cls((28, 28, 1), patch=4)

    @classmethod
    def cifar10(cls) -> ViTConfig:
        """64 patches of 4x4 pixels."""
        return cls((32, 32, 3), patch=4, width=128)


def patches(images: Float[Array, "b h w c"], size: int) -> Float[Array, "b t f"]:
    """Cut images into squares, row by row, each laid out flat.

    Example:
        >>> patches(jax.numpy.arange(16.0).reshape(1, 4, 4, 1), 2)[0, 1].tolist()
        [2.0, 3.0, 6.0, 7.0]
    """
    b, h, w, c = images.shape
    tiles = images.reshape(b, h // size, size, w // size, size, c).transpose(0, 1, 3, 2, 4, 5)
    return tiles.reshape(b, -1, size * size * c)


class ViT(nnx.Module):
    """Patches, blocks, the mean over the patches, classes.

    Args:
        config: its sizes.
        rngs: random streams for the parameters and for dropout.

    Source: Dosovitskiy et al. 2021 (arXiv:2010.11929), with the mean over the patches in place of a
        class token (Beyer et al. 2022, arXiv:2205.01580).

    Example:
        >>> model = ViT(ViTConfig.digits(), rngs=nnx.Rngs(0))
        >>> model(jax.numpy.zeros((2, 8, 8, 1))).shape
        (2, 10)
    """

    def __init__(self, config: ViTConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        rows, columns, channels = config.image_shape
        count = (rows // config.patch) * (columns // config.patch)
        self.embedding = Dense(config.patch**2 * channels, config.width, rngs=rngs)
        places = jax.random.normal(rngs.params(), (count, config.width)) * 0.02
        self.positions = nnx.Param(places)
        self.blocks = nnx.List(
            [
                Block(
                    config.width,
                    config.heads,
                    4 * config.width,
                    dropout=config.dropout,
                    rngs=rngs,
                )
                for _ in range(config.layers)
            ]
        )
        self.norm = LayerNorm(config.width)
        self.head = Dense(config.width, config.num_classes, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "b k"]:
        """Scores (logits) of each class for each image."""
        images = batch_of(self.config.image_shape, inputs)
        x = self.embedding(patches(images, self.config.patch)) + self.positions[...]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))
