"""The multilayer perceptron: dense layers with a bend between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import jax
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.models.checks import batch_of
from labkit.models.layers import Activation, Dense, Flatten
from labkit.types import Float

__all__ = ["MLP", "MLPConfig"]


@dataclass(frozen=True)
class MLPConfig:
    """What an MLP looks like.

    Attributes:
        input_shape: shape of one example; images are flattened.
        hidden: width of each hidden layer.
        num_outputs: classes, or numbers to predict.
        activation: the bend after each hidden layer.
        dropout: share of hidden values set to zero at each training step.
    """

    input_shape: tuple[int, ...]
    hidden: tuple[int, ...]
    num_outputs: int
    activation: Activation = jax.nn.relu
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if min((*self.input_shape, *self.hidden, self.num_outputs)) < 1:
            raise ArgumentError("MLPConfig", required="made of sizes of at least 1", got=self)
        if not 0.0 <= self.dropout < 1.0:
            raise ArgumentError("dropout", required="at least 0 and below 1", got=self.dropout)

    @classmethod
    def digits(cls) -> MLPConfig:
        """64 pixels, one hidden layer of 128, 10 classes."""
        return cls(input_shape=(8, 8, 1), hidden=(128,), num_outputs=10)

    @classmethod
    def mnist(cls) -> MLPConfig:
        """784 pixels, two hidden layers, 10 classes; fits Fashion-MNIST as well."""
        return cls(input_shape=(28, 28, 1), hidden=(256, 128), num_outputs=10)


class MLP(nnx.Module):
    """A multilayer perceptron.

    Args:
        config: its sizes.
        rngs: random streams; ``params`` for the weights, ``dropout`` where dropout is used.

    Example:
        >>> model = MLP(MLPConfig.digits(), rngs=nnx.Rngs(0))
        >>> model(jax.numpy.zeros((2, 8, 8, 1))).shape
        (2, 10)
    """

    def __init__(self, config: MLPConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        widths = (math.prod(config.input_shape), *config.hidden)
        self.flatten = Flatten()
        self.hidden = nnx.List([Dense(n, m, rngs=rngs) for n, m in pairwise(widths)])
        self.dropout = nnx.Dropout(config.dropout, rngs=rngs) if config.dropout else None
        self.head = Dense(widths[-1], config.num_outputs, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "b k"]:
        """Scores of each class (logits), or the predicted numbers."""
        x = batch_of(self.config.input_shape, inputs)
        x = self.flatten(x)
        for layer in self.hidden:
            x = self.config.activation(layer(x))
            x = x if self.dropout is None else self.dropout(x)
        return self.head(x)
