"""The python version of CIFAR-10: pickled batches in a tar archive.

Each batch is a dict with ``data``, uint8 [10000, 3072] with all red values of an image first,
then all green, then all blue, row by row; and ``labels``, a list of 10000 numbers.

Source: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html, section "Dataset layout".
"""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.pickled import read_pickled
from labkit.errors import DataError

__all__ = ["read_batch", "read_split"]

#: An official batch has 31 MB; nothing larger is unpacked.
_LARGEST_MEMBER_BYTES = 64_000_000


def read_batch(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, 32, 32, 3] and labels int32 [n] of one pickled batch.

    Raises:
        DataError: the pickle asks for anything but data, or is not a batch of images.
    """
    batch = read_pickled(content)
    if not isinstance(batch, dict):
        raise DataError(f"It holds a {type(batch).__name__}, not a batch of images.")
    data, labels = batch.get(b"data"), batch.get(b"labels")
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != 3072:
        raise DataError("It has no 'data' of 3072 bytes per image.")
    if not _are_labels(labels, len(data)):
        raise DataError(f"It has no 'labels' from 0 to 9, one for each of its {len(data)} images.")
    images = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.asarray(labels, np.int32)


def _are_labels(labels: Any, count: int) -> bool:
    return (
        isinstance(labels, list)
        and len(labels) == count
        and all(type(label) is int and 0 <= label <= 9 for label in labels)
    )


@only_data_errors("a tar archive of CIFAR-10 batches")
def read_split(archive: Path, members: str) -> Parts:
    """All batches of an archive whose file name matches.

    Args:
        archive: the .tar.gz file.
        members: regular expression for the file names of the batches: "data_batch_[1-5]".

    Returns:
        inputs uint8 [n, 32, 32, 3] and targets int32 [n], in the order of the batches' names.
    """
    contents: dict[str, bytes] = {}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            name = member.name.rsplit("/", 1)[-1]
            stream = tar.extractfile(member) if re.fullmatch(members, name) else None
            if stream is not None:
                if member.size > _LARGEST_MEMBER_BYTES:
                    raise DataError(f"{archive}: {name} has {member.size:,} bytes, not a batch.")
                contents[name] = stream.read()
    if not contents:
        raise DataError(f"{archive} has no batch named {members}: it is not CIFAR-10.")
    batches = [_named_batch(archive, name, contents[name]) for name in sorted(contents)]
    return Parts(
        inputs=np.concatenate([images for images, _ in batches]),
        targets=np.concatenate([labels for _, labels in batches]),
    )


def _named_batch(archive: Path, name: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    try:
        return read_batch(content)
    except DataError as error:
        raise DataError(f"{archive}: {name} is not a batch of CIFAR-10. {error}") from error
