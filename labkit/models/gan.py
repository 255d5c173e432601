"""Two networks against each other: one draws images from noise, one tells them from real ones."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.models.checks import batch_of
from labkit.models.layers import Conv, Dense
from labkit.models.norms import BatchNorm
from labkit.models.predict import predict
from labkit.types import Float

__all__ = ["Discriminator", "GANConfig", "Generator", "draw_images"]


@dataclass(frozen=True)
class GANConfig:
    """What both networks of a GAN look like.

    Attributes:
        image_shape: rows, columns and channels of one image; rows and columns divisible by 4.
        latent: numbers that an image is drawn from.
        width: channels at the full size of the image; twice as many at half of it.
        slope: of the discriminator's leaky rectifiers below zero.
    """

    image_shape: tuple[int, int, int]
    latent: int = 32
    width: int = 32
    slope: float = 0.2

    def __post_init__(self) -> None:
        if self.image_shape[0] % 4 or self.image_shape[1] % 4:
            required = "of rows and columns that 4 divides"
            raise ArgumentError("image_shape", required=required, got=self.image_shape)

    @classmethod
    def digits(cls) -> GANConfig:
        """8x8 grey images."""
        return cls((8, 8, 1), latent=16, width=32)

    @classmethod
    def mnist(cls) -> GANConfig:
        """28x28 grey images; fits Fashion-MNIST as well."""
        return cls((28, 28, 1), latent=64, width=32)


class Generator(nnx.Module):
    """Noise to a quarter-size map, doubled twice, to an image with values between 0 and 1.

    Args:
        config: its sizes.
        rngs: the random stream that the parameters are drawn from.

    Source: Radford et al. 2016 (arXiv:1511.06434), table 1: batch norms and rectifiers. Maps are
        doubled by repetition and a 3x3 convolution in place of a strided one, which avoids a
        chequered pattern (Odena et al. 2016, https://distill.pub/2016/deconv-checkerboard/); the
        last bend is a sigmoid, for images in [0, 1].

    Example:
        >>> model = Generator(GANConfig.digits(), rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((2, 16))).shape
        (2, 8, 8, 1)
    """

    def __init__(self, config: GANConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        rows, columns, channels = config.image_shape
        wide = 2 * config.width
        self.start = Dense(config.latent, rows // 4 * (columns // 4) * wide, rngs=rngs)
        self.norms = nnx.List([BatchNorm(n) for n in (wide, wide, config.width)])
        self.convs = nnx.List(
            [
                Conv(n, m, padding=1, use_bias=False, rngs=rngs)
                for n, m in ((wide, wide), (wide, config.width))
            ]
        )
        self.last = Conv(config.width, channels, padding=1, rngs=rngs)

    def __call__(self, noise: Float[Array, "b d"]) -> Float[Array, "b h w c"]:
        """An image for each row of normal noise."""
        rows, columns, _ = self.config.image_shape
        x = self.start(noise).reshape(len(noise), rows // 4, columns // 4, -1)
        x = jax.nn.relu(self.norms[0](x))
        for conv, norm in zip(self.convs, list(self.norms)[1:], strict=True):
            x = jax.nn.relu(norm(conv(_doubled(x))))
        return jax.nn.sigmoid(self.last(x))


class Discriminator(nnx.Module):
    """Images to one score each: above 0 for real, below for drawn.

    Args:
        config: its sizes.
        rngs: the random stream that the parameters are drawn from.

    Source: Radford et al. 2016 (arXiv:1511.06434): strided 4x4 convolutions, leaky rectifiers, no
        batch norm at the first layer.

    Example:
        >>> model = Discriminator(GANConfig.digits(), rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((2, 8, 8, 1))).shape
        (2,)
    """

    def __init__(self, config: GANConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        rows, columns, channels = config.image_shape
        n, m = config.width, 2 * config.width
        self.first = Conv(channels, n, window=(4, 4), stride=2, padding=1, rngs=rngs)
        self.second = Conv(n, m, window=(4, 4), stride=2, padding=1, use_bias=False, rngs=rngs)
        self.norm = BatchNorm(m)
        self.head = Dense(rows // 4 * (columns // 4) * m, 1, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, " b"]:
        """How real each image looks, as a logit."""
        x = batch_of(self.config.image_shape, inputs)
        x = jax.nn.leaky_relu(self.first(x), self.config.slope)
        x = jax.nn.leaky_relu(self.norm(self.second(x)), self.config.slope)
        return self.head(x.reshape(len(x), -1))[:, 0]


def draw_images(generator: Generator, count: int, *, seed: int = 0) -> np.ndarray:
    """So many images from a trained generator, in evaluation mode.

    Example:
        >>> draw_images(Generator(GANConfig.digits(), rngs=nnx.Rngs(0)), 3).shape
        (3, 8, 8, 1)
    """
    noise = jax.random.normal(jax.random.key(seed), (count, generator.config.latent))
    return predict(generator, noise)


def _doubled(x: Array) -> Array:
    """Every pixel four times: rows and columns doubled."""
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
