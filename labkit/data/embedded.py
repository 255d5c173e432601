"""Four small sets that travel with scikit-learn: they load with no file and no network.

Each is divided once and for all: 80 % train, 20 % test, shuffled with seed 0, with the same
share of every class on both sides (for `diabetes`, of every fifth of the target).
"""

from __future__ import annotations

import numpy as np

from labkit.data.formats.parts import Parts

__all__ = ["read_split"]

_TEST_SHARE, _SEED = 0.2, 0


def read_split(name: str, split: str) -> Parts:
    """One side of the documented split of an embedded set.

    Args:
        name: "digits", "breast_cancer", "wine" or "diabetes".
        split: "train" or "test".

    Example:
        >>> read_split("wine", "train").inputs.shape
        (142, 13)
    """
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    bunch = getattr(datasets, f"load_{name}")()
    inputs, targets = bunch.data, bunch.target
    if name == "digits":
        inputs = bunch.images[..., np.newaxis].astype(np.uint8)
    if name == "diabetes":
        strata = np.digitize(targets, np.quantile(targets, [0.2, 0.4, 0.6, 0.8]))
    else:
        strata = targets = targets.astype(np.int32)
    rows = np.arange(len(targets))
    train, test = train_test_split(rows, test_size=_TEST_SHARE, random_state=_SEED, stratify=strata)
    chosen = train if split == "train" else test
    return Parts(
        inputs=inputs[chosen],
        targets=targets[chosen],
        feature_names=() if name == "digits" else tuple(map(str, bunch.feature_names)),
        class_names=tuple(map(str, getattr(bunch, "target_names", ()))),
    )
