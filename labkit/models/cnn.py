"""The convolutional network of the tutorials: windows, maxima, then dense layers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit import kernels
from labkit.errors import ArgumentError
from labkit.models.checks import batch_of
from labkit.models.layers import Activation, Conv, Dense, Flatten, MaxPool
from labkit.types import Float

__all__ = ["CNN", "CNNConfig", "Stage"]

#: Activations that never decrease: a maximum may be taken before them.
_RISING = frozenset({jax.nn.relu, jax.nn.sigmoid, jax.nn.softplus, jax.nn.elu, jnp.tanh})


@dataclass(frozen=True)
class Stage:
    """One 3x3 convolution, and whether a 2x2 maximum follows it."""

    channels: int
    pool: bool = True


@dataclass(frozen=True)
class CNNConfig:
    """What a CNN looks like.

    Attributes:
        image_shape: rows, columns and channels of one image.
        stages: the convolutions, in order.
        hidden: width of the dense layer between the maps and the classes.
        num_classes: classes to tell apart.
        padding: of every convolution, "VALID" or "SAME".
        activation: the bend after each convolution and after the hidden layer.
        dropout: share of the hidden layer's values set to zero at each training step.
    """

    image_shape: tuple[int, int, int]
    stages: tuple[Stage, ...]
    hidden: int = 64
    num_classes: int = 10
    padding: str = "VALID"
    activation: Activation = jax.nn.relu
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if min(self.map_shape) < 1:
            raise ArgumentError(
                "stages",
                required=f"few enough that a map is left of a {self.image_shape} image",
                got=self.stages,
                fix='Take fewer stages, or padding="SAME".',
            )
        if not 0.0 <= self.dropout < 1.0:
            raise ArgumentError("dropout", required="at least 0 and below 1", got=self.dropout)

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of the last maps, where the dense part begins."""
        rows, columns, channels = self.image_shape
        for stage in self.stages:
            border = 2 if self.padding == "VALID" else 0
            divisor = 2 if stage.pool else 1
            rows, columns = (rows - border) // divisor, (columns - border) // divisor
            channels = stage.channels
        return rows, columns, channels

    @classmethod
    def seed_cifar10(cls) -> CNNConfig:
        """32-pool-64-pool-64-flatten-64-10 on 32x32 colour images; 122,570 parameters.

        Source: TensorFlow tutorial "Convolutional Neural Network (CNN)",
            https://www.tensorflow.org/tutorials/images/cnn
        """
        return cls((32, 32, 3), (Stage(32), Stage(64), Stage(64, pool=False)))

    @classmethod
    def seed_mnist(cls) -> CNNConfig:
        """32-pool-64-pool-flatten-64-10 on 28x28 grey images; 121,930 parameters."""
        return cls((28, 28, 1), (Stage(32), Stage(64)))

    @classmethod
    def digits(cls) -> CNNConfig:
        """32-64-pool-flatten-64-10 on 8x8 grey images, their borders kept."""
        return cls((8, 8, 1), (Stage(32, pool=False), Stage(64)), padding="SAME")


class CNN(nnx.Module):
    """A convolutional network for images.

    Args:
        config: its sizes.
        rngs: random streams; ``params`` for the weights, ``dropout`` where dropout is used.

    Example:
        >>> model = CNN(CNNConfig.seed_cifar10(), rngs=nnx.Rngs(0))
        >>> model(jax.numpy.zeros((2, 32, 32, 3))).shape
        (2, 10)
    """

    def __init__(self, config: CNNConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        widths = (config.image_shape[2], *(stage.channels for stage in config.stages))
        rows, columns, channels = config.map_shape
        self.convs = nnx.List(
            [Conv(n, m, padding=config.padding, rngs=rngs) for n, m in pairwise(widths)]
        )
        self.pool = MaxPool(2)
        self.flatten = Flatten()
        self.hidden = Dense(rows * columns * channels, config.hidden, rngs=rngs)
        self.dropout = nnx.Dropout(config.dropout, rngs=rngs) if config.dropout else None
        self.head = Dense(config.hidden, config.num_classes, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "b k"]:
        """Scores (logits) of each class for each image."""
        x = batch_of(self.config.image_shape, inputs)
        for conv, stage in zip(self.convs, self.config.stages, strict=True):
            x = self._stage(conv, stage, x)
        x = self.config.activation(self.hidden(self.flatten(x)))
        x = x if self.dropout is None else self.dropout(x)
        return self.head(x)

    def _stage(self, conv: nnx.Module, stage: Stage, x: Array) -> Array:
        """One convolution with what follows it; in one kernel where that changes no number."""
        activation = self.config.activation
        fusible = not stage.pool or activation in _RISING
        if not (fusible and isinstance(conv, Conv)):  # `summary` puts observers in their place
            x = activation(conv(x))
            return self.pool(x) if stage.pool else x
        return kernels.conv2d_block(
            x,
            conv.kernel[...],
            jnp.zeros(stage.channels) if conv.bias is None else conv.bias[...],
            padding=self.config.padding,
            method=conv.method,
            activation=activation,
            pool=2 if stage.pool else 1,
        )
