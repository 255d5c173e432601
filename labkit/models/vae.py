"""The variational autoencoder: images to a few numbers and back, with noise in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.models.checks import batch_of
from labkit.models.layers import Dense
from labkit.types import Float

__all__ = ["VAE", "VAEConfig", "VAEOutput", "code_price", "negative_elbo", "pixel_surprise"]


@dataclass(frozen=True)
class VAEConfig:
    """What a VAE looks like.

    Attributes:
        image_shape: rows, columns and channels of one image with values between 0 and 1.
        hidden: width of the layer on either side.
        latent: numbers that an image is pressed into.
    """

    image_shape: tuple[int, int, int]
    hidden: int = 128
    latent: int = 8

    @classmethod
    def digits(cls) -> VAEConfig:
        """8x8 grey images to 8 numbers."""
        return cls((8, 8, 1))

    @classmethod
    def mnist(cls) -> VAEConfig:
        """28x28 grey images to 20 numbers, as in the paper."""
        return cls((28, 28, 1), hidden=400, latent=20)


class VAEOutput(NamedTuple):
    """The image again as logits, and the normal distribution that it went through."""

    logits: Float[Array, "b h w c"]
    mean: Float[Array, "b d"]
    log_variance: Float[Array, "b d"]


class VAE(nnx.Module):
    """An encoder to a normal distribution, and a decoder from draws of it.

    In evaluation mode the mean takes the place of a draw.

    Args:
        config: its sizes.
        rngs: random streams; ``params`` for the weights, ``noise`` for the draws.

    Source: Kingma and Welling 2014 (arXiv:1312.6114), section 3 and appendix C.1, with rectifiers
        in place of tanh.

    Example:
        >>> model = VAE(VAEConfig.digits(), rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((2, 8, 8, 1))).mean.shape
        (2, 8)
    """

    def __init__(self, config: VAEConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        rows, columns, channels = config.image_shape
        pixels = rows * columns * channels
        self.encoder = Dense(pixels, config.hidden, rngs=rngs)
        self.mean = Dense(config.hidden, config.latent, rngs=rngs)
        self.log_variance = Dense(config.hidden, config.latent, rngs=rngs)
        self.decoder = Dense(config.latent, config.hidden, rngs=rngs)
        self.pixels = Dense(config.hidden, pixels, rngs=rngs)
        self.noise = rngs.noise.fork()
        self.deterministic = False

    def set_view(self, deterministic: bool | None = None, **unused: object) -> dict:
        """Choose between a draw and the mean (for ``nnx.view``)."""
        if deterministic is not None:
            self.deterministic = deterministic
        return unused

    def __call__(self, inputs: ArrayLike, *, noise: Float[Array, "b d"] | None = None) -> VAEOutput:
        """Each image encoded, drawn and decoded; with ``noise`` in place of a fresh draw."""
        mean, log_variance = self.encode(inputs)
        if noise is None:
            noise = jnp.zeros_like(mean)
            if not self.deterministic:
                noise = jax.random.normal(self.noise(), mean.shape, mean.dtype)
        latent = mean + jnp.exp(log_variance / 2) * noise
        return VAEOutput(self.decode(latent), mean, log_variance)

    def encode(self, inputs: ArrayLike) -> tuple[Float[Array, "b d"], Float[Array, "b d"]]:
        """Mean and log of the variance of what each image may have come from."""
        x = batch_of(self.config.image_shape, inputs)
        inside = jax.nn.relu(self.encoder(x.reshape(len(x), -1)))
        return self.mean(inside), self.log_variance(inside)

    def decode(self, latent: Float[Array, "b d"]) -> Float[Array, "b h w c"]:
        """Images as logits; their sigmoid is a grey value."""
        flat = self.pixels(jax.nn.relu(self.decoder(latent)))
        return flat.reshape(len(latent), *self.config.image_shape)


def pixel_surprise(outputs: VAEOutput, images: Float[Array, "b h w c"]) -> Float[Array, ""]:
    """How badly the pixels are told, in nats per image: ``sum over pixels of -log p(pixel)``.

    A grey value counts as the chance of a white pixel.

    Example:
        >>> blank = VAEOutput(jnp.zeros((1, 2, 2, 1)), jnp.zeros((1, 3)), jnp.zeros((1, 3)))
        >>> float(pixel_surprise(blank, jnp.ones((1, 2, 2, 1))))  # 4 pixels, log 2 each
        2.772...
    """
    return (jax.nn.softplus(outputs.logits) - images * outputs.logits).sum((1, 2, 3)).mean()


def code_price(outputs: VAEOutput, images: Float[Array, "b h w c"]) -> Float[Array, ""]:  # noqa: ARG001
    """What the code tells, in nats per image: ``KL(N(mean, variance) || N(0, 1))``.

    It is ``sum of (variance + mean^2 - 1 - log variance) / 2``, 0 where every image has the same.

    Args:
        outputs: of the VAE.
        images: not looked at; there so that this is a score like others.

    Source: Kingma and Welling 2014 (arXiv:1312.6114), appendix B.

    Example:
        >>> told = VAEOutput(jnp.zeros((1, 2, 2, 1)), jnp.array([[2.0]]), jnp.zeros((1, 1)))
        >>> float(code_price(told, jnp.ones((1, 2, 2, 1))))
        2.0
    """
    _, mean, log_variance = outputs
    return (jnp.exp(log_variance) + mean**2 - 1 - log_variance).sum(1).mean() / 2


def negative_elbo(outputs: VAEOutput, images: Float[Array, "b h w c"]) -> Float[Array, ""]:
    """What a VAE makes small, in nats per image: `pixel_surprise` and `code_price` together.

    Source: Kingma and Welling 2014 (arXiv:1312.6114), equation 10.

    Example:
        >>> blank = VAEOutput(jnp.zeros((1, 2, 2, 1)), jnp.zeros((1, 3)), jnp.zeros((1, 3)))
        >>> float(negative_elbo(blank, jnp.ones((1, 2, 2, 1))))
        2.772...
    """
    return pixel_surprise(outputs, images) + code_price(outputs, images)
