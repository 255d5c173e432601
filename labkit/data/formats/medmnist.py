"""MedMNIST: an npz archive with images and labels of three splits.

Source: J. Yang et al., "MedMNIST v2: A large-scale lightweight benchmark for 2D and 3D biomedical
image classification", Scientific Data 10:41, 2023; https://medmnist.com.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.errors import DataError

__all__ = ["read_split"]


@only_data_errors("a MedMNIST npz archive")
def read_split(archive: Path, *, member: str) -> Parts:
    """One split of a two-dimensional MedMNIST set.

    Args:
        archive: the npz file. Arrays of Python objects, which would be pickles, are refused.
        member: "train", "val" or "test".

    Returns:
        inputs uint8 [n, height, width, channels] and targets int32 [n].
    """
    with archive.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        wanted = [f"{member}_images", f"{member}_labels"]
        missing = [name for name in wanted if name not in arrays]
        if missing:
            raise DataError(f"{archive} has no {' and no '.join(missing)}: it is not MedMNIST.")
        images, labels = (arrays[name] for name in wanted)
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or 0 in images.shape:
        raise DataError(f"{archive}: images are {images.dtype} {images.shape}, not 8-bit images.")
    if labels.dtype.kind != "u" or labels.shape != (len(images), 1):
        raise DataError(
            f"{archive}: labels are {labels.dtype} {labels.shape}, not one for each of the "
            f"{len(images):,} images."
        )
    inputs = images[..., np.newaxis] if images.ndim == 3 else images
    return Parts(inputs=inputs, targets=labels[:, 0].astype(np.int32))
