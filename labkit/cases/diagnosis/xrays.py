"""Pneumonia in chest X-rays: one network or several, trained on images standardised one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit import models, train
from labkit.data.prepare import images as prepare
from labkit.data.prepare.tables import oversample
from labkit.errors import ArgumentError

__all__ = ["XrayModel", "XrayRecipe", "check_image", "standardise_images", "train_xrays"]

#: Below this standard deviation, on the scale from 0 to 1, an image shows nothing.
_BLANK = 0.01


@dataclass(frozen=True)
class XrayRecipe:
    """How networks are trained on grey images of two classes.

    Attributes:
        network: the configuration of a CNN or a ResNet-9 with two classes.
        epochs: passes over the training images, both classes made equally common.
        members: networks whose scores are averaged.
        batch_size: images per step.
        rate: highest learning rate of the one cycle.
        weight_decay: of the kernels.
        crop: pixels by which an image may be shifted.
        hole: side of the square that is hidden; 0 for none.
        flip: whether images are mirrored at random, and read with their mirror images.
        smoothing: label smoothing.
    """

    network: models.CNNConfig | models.ResNet9Config
    epochs: int
    members: int = 1
    batch_size: int = 64
    rate: float = 0.1
    weight_decay: float = 5e-4
    crop: int = 2
    hole: int = 7
    flip: bool = True
    smoothing: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what is not a classifier of two kinds."""
        if self.network.num_classes != 2:
            required = "a network of two classes"
            raise ArgumentError("network", required=required, got=self.network.num_classes)
        if min(self.epochs, self.members) < 1:
            got = (self.epochs, self.members)
            raise ArgumentError("epochs", required="at least 1, as members", got=got)

    @classmethod
    def resnet(
        cls, shape: tuple[int, int] = (28, 28), *, epochs: int = 12, members: int = 1
    ) -> XrayRecipe:
        """A ResNet-9 of an eighth of its width: 103,000 parameters."""
        config = models.ResNet9Config((*shape, 1), width=8, num_classes=2)
        return cls(config, epochs, members, crop=shape[0] // 14, hole=shape[0] // 4)

    @classmethod
    def cnn(
        cls, shape: tuple[int, int] = (28, 28), *, epochs: int = 12, members: int = 1
    ) -> XrayRecipe:
        """The plain CNN of the tutorials, its borders kept, with dropout."""
        stages = (models.Stage(32), models.Stage(64))
        config = models.CNNConfig((*shape, 1), stages, num_classes=2, padding="SAME", dropout=0.2)
        return cls(config, epochs, members, rate=0.02, crop=shape[0] // 14, hole=shape[0] // 4)

    def model(self, seed: int) -> nnx.Module:
        """One member before training."""
        rngs = nnx.Rngs(seed)
        if isinstance(self.network, models.CNNConfig):
            return models.CNN(self.network, rngs=rngs)
        return models.ResNet9(self.network, rngs=rngs)

    def augmentation(self) -> prepare.Augmentation:
        """Shift, mirror, hide: what changes no diagnosis."""
        steps: list[prepare.Augmentation] = [partial(prepare.random_crop, padding=self.crop)]
        steps += [prepare.random_flip] if self.flip else []
        steps += [partial(prepare.cutout, size=self.hole)] if self.hole else []
        return prepare.augmentation(*steps)


def standardise_images(images: ArrayLike) -> Array:
    """Each image (b h w 1) brought to mean 0 and deviation 1 by itself.

    Exposure differs between machines and days; what remains is what the ribs and lungs look like
    against each other. A blank image stays blank.

    Example:
        >>> both = standardise_images(np.stack([np.eye(4), 0.5 + 0.1 * np.eye(4)])[..., None])
        >>> bool(jnp.allclose(both[0], both[1], atol=1e-5))
        True
    """
    batch = jnp.asarray(images, jnp.float32)
    mean = batch.mean((1, 2, 3), keepdims=True)
    deviation = batch.std((1, 2, 3), keepdims=True)
    return (batch - mean) / jnp.maximum(deviation, 1e-6)


@dataclass(frozen=True)
class XrayModel:
    """Trained members.

    Attributes:
        members: networks in evaluation mode, whose logits are averaged.
        mirrored: whether each image is read with its mirror image.
        train_s: seconds of training, all members.
    """

    members: tuple[nnx.Module, ...]
    mirrored: bool
    train_s: float

    def score(self, x: Array) -> Array:
        """Log odds of class 1 (b) of standardised images (b h w 1); differentiable.

        What explains a score starts here: a blank image is zero, while before the
        standardisation every fainter copy of an image has the image's own score.
        """
        views = [x, x[:, :, ::-1]] if self.mirrored else [x]
        found = jnp.stack([member(view) for member in self.members for view in views])
        return (found[..., 1] - found[..., 0]).mean(0)

    def logits(self, images: ArrayLike) -> np.ndarray:
        """Log odds of class 1 (n) of images scaled to 0 to 1, in batches."""
        x = np.asarray(standardise_images(images))
        views = [x, x[:, :, ::-1]] if self.mirrored else [x]
        found = [models.predict(member, view) for member in self.members for view in views]
        return np.mean([scores[:, 1] - scores[:, 0] for scores in found], axis=0)

    @property
    def size_bytes(self) -> int:
        """Of all parameters and statistics."""
        return sum(a.nbytes for m in self.members for a in jax.tree.leaves(nnx.state(m)))


def train_xrays(
    recipe: XrayRecipe,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    seed: int = 0,
    folder: Path | None = None,
    progress: bool = False,
) -> XrayModel:
    """Train the members one after another, each from its own seed.

    Args:
        recipe: how.
        images: (n h w 1), scaled to 0 to 1.
        labels: 0 (normal) or 1.
        seed: of parameters, order and augmentation.
        folder: where checkpoints go; training goes on from those it finds.
        progress: show a line that moves.
    """
    x, y = np.asarray(standardise_images(images)), np.asarray(labels)
    augment = recipe.augmentation()
    members, train_s = [], 0.0
    for number in range(recipe.members):
        own = 100 * seed + number
        rows = oversample(y, seed=own)
        steps = recipe.epochs * (len(rows) // recipe.batch_size)
        schedule = train.warmup_cosine(recipe.rate, steps, warmup=0.2)
        model = recipe.model(own)
        result = train.fit(
            model,
            x[rows],
            y[rows],
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            optimizer=train.momentum(schedule, weight_decay=recipe.weight_decay),
            loss=partial(train.cross_entropy, label_smoothing=recipe.smoothing),
            augment=lambda key, batch: augment(batch, key=key),
            checkpoint_dir=None if folder is None else folder / f"member{number}",
            resume=folder is not None,
            seed=own,
            progress=progress,
        )
        train_s += sum(epoch.seconds for epoch in result.history.epochs)
        members.append(models.in_evaluation_mode(model))
    return XrayModel(tuple(members), recipe.flip, train_s)


def check_image(raw: Any, *, shape: Sequence[int] = (28, 28)) -> tuple[np.ndarray, str]:
    """One raw image as a batch on the scale from 0 to 1, or a sentence that says why not.

    Args:
        raw: rows of grey levels: whole numbers from 0 to 255, or numbers from 0 to 1.
        shape: rows and columns that the model was trained for.

    Raises:
        ValueError: another size, no numbers, levels out of range, or an image that shows nothing.
    """
    pixels = np.asarray(raw)
    if not (np.issubdtype(pixels.dtype, np.number) and np.isrealobj(pixels)):
        raise ValueError("The image holds no numbers.")
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    if pixels.shape != tuple(shape):
        wanted = " × ".join(map(str, shape))
        raise ValueError(f"The image has shape {pixels.shape}; a grey one of {wanted} is needed.")
    highest = 255 if np.issubdtype(pixels.dtype, np.integer) else 1
    values = pixels.astype(np.float32) / highest
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise ValueError(f"Grey levels must lie between 0 and {highest}.")
    if values.std() < _BLANK:
        raise ValueError("The image is blank: all its pixels are nearly alike.")
    return values[None, ..., None], ""
