"""The recipes of `benchmarks.accuracy`: a network, a schedule and an augmentation for each set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flax import nnx

from labkit import models, train


@dataclass(frozen=True)
class ImageRecipe:
    """How a residual network is trained on images.

    Attributes:
        dataset: name of the set.
        shape: rows, columns and channels of an image.
        width: of the ResNet-9.
        epochs: passes over the training images.
        goal: accuracy asked for on the official test images.
        first: only so many training images are used; None for all.
        batch_size: images per step.
        rate: highest learning rate of the schedule.
        flip: whether images are mirrored at random.
        crop: zeros around an image before a window of its size is cut out of it.
        hole: side of the square that is hidden; 0 for none.
        smoothing: label smoothing.
        seed: of parameters, order and augmentation.
    """

    dataset: str
    shape: tuple[int, int, int]
    width: int
    epochs: int
    goal: float
    first: int | None = None
    batch_size: int = 128
    rate: float = 0.2
    flip: bool = True
    crop: int = 4
    hole: int = 0
    smoothing: float = 0.1
    seed: int = 0

    def model(self, width: int) -> nnx.Module:
        """The network before training."""
        config = models.ResNet9Config(self.shape, width=width)
        return models.ResNet9(config, rngs=nnx.Rngs(self.seed))

    def optimizer(self, steps: int) -> Any:
        """Nesterov momentum under one cycle."""
        schedule = train.warmup_cosine(self.rate, steps, warmup=0.2)
        return train.momentum(schedule, weight_decay=5e-4)


@dataclass(frozen=True)
class TextRecipe:
    """How a character model is trained, on ``windows`` pieces of the text.

    Attributes:
        dataset: name of the text.
        goal: loss asked for, in nats per character.
        length: characters of a window.
        windows: windows drawn from the text.
        width: of the transformer.
        layers: blocks.
        batch_size: windows per step.
        rate: highest learning rate of the matrices (Muon).
        adam_rate: of embeddings, biases and norms (Adam).
        weight_decay: of the matrices.
        epochs: passes over the windows; each gives a checkpoint.
        seed: of parameters, windows and order.
    """

    dataset: str
    goal: float
    length: int = 128
    windows: int = 8_800
    width: int = 128
    layers: int = 4
    batch_size: int = 8
    rate: float = 0.02
    adam_rate: float = 3e-3
    weight_decay: float = 0.02
    epochs: int = 5
    seed: int = 0

    def model(self, num_tokens: int) -> nnx.Module:
        """The network before training."""
        config = models.TransformerConfig(
            num_tokens,
            num_tokens,
            self.length,
            width=self.width,
            layers=self.layers,
            causal=True,
        )
        return models.Transformer(config, rngs=nnx.Rngs(self.seed))

    def optimizer(self, steps: int) -> Any:
        """Muon under one cycle."""
        schedule = partial(train.warmup_cosine, steps=steps, warmup=0.05)
        return train.muon(
            schedule(self.rate),
            adam_rate=schedule(self.adam_rate),
            weight_decay=self.weight_decay,
        )


@dataclass(frozen=True)
class GANRecipe:
    """How a GAN is trained to draw the embedded 8x8 digits, and judged by a classifier.

    Attributes:
        epochs: passes over the real digits.
        goal: classifier's score asked for, as a share of that of the real test digits.
        rate: learning rate of both networks.
        average_decay: how slowly the average that is kept of the generator follows it; 0 for none.
        judge_epochs: passes of the CNN that judges, over the same training digits.
        seed: of parameters, order and noise.
    """

    epochs: int = 150
    goal: float = 0.9
    rate: float = 1e-3
    average_decay: float = 0.0
    judge_epochs: int = 15
    seed: int = 0


RECIPES: Mapping[str, ImageRecipe | TextRecipe | GANRecipe] = {
    "mnist": ImageRecipe(
        "mnist", (28, 28, 1), 8, epochs=5, goal=0.995, flip=False, crop=2, smoothing=0.05
    ),
    "fashion_mnist": ImageRecipe("fashion_mnist", (28, 28, 1), 16, epochs=6, goal=0.93, crop=2),
    "cifar10_first_10000": ImageRecipe(
        "cifar10", (32, 32, 3), 20, epochs=24, goal=0.80, first=10_000, hole=8
    ),
    # Page 2018, parts 4 and 8: the network at its full width, 30 epochs where he took 24; for a
    # machine with a GPU, or a night on CPUs.
    "cifar10": ImageRecipe(
        "cifar10", (32, 32, 3), 64, epochs=30, goal=0.94, batch_size=512, rate=0.4, hole=8
    ),
    "gan_digits": GANRecipe(),
    "tinyshakespeare": TextRecipe("tinyshakespeare", goal=1.60),
}
