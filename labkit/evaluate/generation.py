"""How good drawn images are, by more than the eye: are they clear, and do they differ?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import pdist
from scipy.special import xlogy

from labkit.errors import ShapeError

__all__ = ["classifier_score", "diversity"]


def classifier_score(probabilities: ArrayLike) -> float:
    """From 1 to the number of classes: high where each image is clearly of one, and all occur.

    ``exp(mean over images of KL(p(class | image) || p(class)))``: 1 if every image looks alike to
    the classifier (or it cannot tell what any is), k if it is sure of each and all k classes
    occur equally often. It sees no variety within a class: see `diversity`.

    Args:
        probabilities: of each class for each drawn image (n k), by a classifier trained on real
            images.

    Raises:
        ShapeError: no table of probabilities that add up to 1.

    Source: the inception score of Salimans et al. 2016 (arXiv:1606.03498), section 4, with a
        classifier of the images at hand in place of the Inception network.

    Example:
        >>> classifier_score(np.eye(10)), classifier_score(np.full((5, 10), 0.1))
        (10.0, 1.0)
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or not len(p) or np.abs(p.sum(1) - 1).max() > 1e-3:
        raise ShapeError(
            "probabilities", required="rows (n k) that each add up to 1", got=f"shape {p.shape}"
        )
    surprise = xlogy(p, p).sum(1).mean()
    middle = p.mean(0)
    return float(np.round(np.exp(surprise - xlogy(middle, middle).sum()), 12))


def diversity(images: ArrayLike, real: ArrayLike) -> float:
    """Mean distance between drawn images as a share of that between real ones.

    Near 0 the generator draws one image again and again; 1 is as varied as the real ones.

    Args:
        images: drawn (n ...).
        real: of the same size (m ...).

    Raises:
        ShapeError: fewer than two images, or images of another size.

    Example:
        >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> round(diversity(square / 2, square), 3), diversity(np.ones((3, 2)), square)
        (0.5, 0.0)
    """
    flat = [np.asarray(array, np.float64) for array in (images, real)]
    if min(map(len, flat)) < 2 or flat[0].shape[1:] != flat[1].shape[1:]:
        got = " and ".join(str(array.shape) for array in flat)
        raise ShapeError("images", required="at least two, of the size of the real ones", got=got)
    drawn, true = (pdist(array.reshape(len(array), -1)).mean() for array in flat)
    return float(drawn / true)
