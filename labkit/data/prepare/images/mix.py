"""Mixing two examples into one, labels with them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from labkit.data.prepare.images._batch import image_batch
from labkit.data.prepare.images.erase import box_mask
from labkit.errors import ShapeError
from labkit.types import Float, Num

__all__ = ["cutmix", "mixup"]


@jax.jit
def mixup(
    images: ArrayLike, targets: ArrayLike, *, key: Array, alpha: ArrayLike = 0.2
) -> tuple[Float[Array, "b h w c"], Float[Array, "b k"]]:
    """Every image and its target blended with those of a random partner of the batch.

    Args:
        images: ``(b, h, w, c)``, float.
        targets: ``(b, k)``, one-hot or probabilities.
        key: a JAX random key.
        alpha: the share of the first image is drawn from Beta(alpha, alpha), once a batch.

    Raises:
        ShapeError: ``targets`` are class numbers, which cannot be blended.

    Source: Zhang et al. 2018, https://arxiv.org/abs/1710.09412, equation 1 and figure 1a.

    Example:
        >>> x, y = mixup(jnp.eye(2).reshape(2, 1, 2, 1), jnp.eye(2), key=jax.random.key(0))
        >>> bool(jnp.allclose(x[:, 0, :, 0], y))
        True
    """
    batch, labels = image_batch(images), _soft_targets(targets)
    share_key, partner_key = jax.random.split(key)
    share = jax.random.beta(share_key, alpha, alpha)
    partner = jax.random.permutation(partner_key, len(batch))
    mixed = share * batch + (1 - share) * batch[partner]
    return mixed, share * labels + (1 - share) * labels[partner]


@jax.jit
def cutmix(
    images: ArrayLike, targets: ArrayLike, *, key: Array, alpha: ArrayLike = 1.0
) -> tuple[Num[Array, "b h w c"], Float[Array, "b k"]]:
    """A random box of every image replaced by that of a partner; targets weighted by area.

    Args and raises: as :func:`mixup`; ``images`` may be of any real type.

    Source: Yun et al. 2019, https://arxiv.org/abs/1905.04899, equations 1 and 2; the share
        is taken again from the box as cut off at the border, as in the authors' code.

    Example:
        >>> x, y = cutmix(jnp.ones((4, 8, 8, 1)), jnp.eye(4), key=jax.random.key(0))
        >>> bool((x == 1).all()), [round(total, 3) for total in y.sum(axis=1).tolist()]
        (True, [1.0, 1.0, 1.0, 1.0])
    """
    batch, labels = image_batch(images), _soft_targets(targets)
    height, width = batch.shape[1:3]
    share_key, partner_key, centre_key = jax.random.split(key, 3)
    side = jnp.sqrt(1 - jax.random.beta(share_key, alpha, alpha, (1,)))
    centre = jax.random.randint(centre_key, (2, 1), 0, jnp.array([[height], [width]]))
    tall, wide = (side * height).astype(int), (side * width).astype(int)
    top, left = centre[0] - tall // 2, centre[1] - wide // 2
    box = box_mask(top, top + tall, left, left + wide, (height, width))
    partner = jax.random.permutation(partner_key, len(batch))
    share = 1 - box.mean()
    mixed = jnp.where(box, batch[partner], batch)
    return mixed, share * labels + (1 - share) * labels[partner]


def _soft_targets(targets: ArrayLike) -> Array:
    labels = jnp.asarray(targets)
    if labels.ndim != 2:
        raise ShapeError(
            "targets",
            required="an array of 2 axes (batch, classes)",
            got=labels.shape,
            fix="Use jax.nn.one_hot(targets, num_classes).",
        )
    return labels.astype(jnp.float32)
