"""Images: a folder or tar archive of pictures, one subfolder per class, or frames with masks.

Only JPEG, PNG, BMP and TIFF are decoded, by Pillow, and none larger than 50 megapixels.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.errors import DataError

__all__ = ["decode", "read_image_folder", "read_split"]

_FORMATS = ("JPEG", "PNG", "BMP", "TIFF")
_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")
_LARGEST_PIXELS = 50_000_000
_LARGEST_FILE_BYTES = 200_000_000


@only_data_errors("an image")
def decode(content: bytes, name: str = "image") -> np.ndarray:
    """An image file's pixels, uint8 [height, width, channels]: one channel (grey) or three (RGB).

    Raises:
        DataError: not a JPEG, PNG, BMP or TIFF image, cut short, or of more than 50 megapixels.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > _LARGEST_PIXELS:
                raise DataError(f"{name} has {image.width} × {image.height} pixels: too large.")
            pixels = np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{name} is not a whole JPEG, PNG, BMP or TIFF image ({error}).") from error
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def read_image_folder(folder: Path) -> tuple[list[np.ndarray], list[int], tuple[str, ...]]:
    """Images, class numbers and class names of a folder with one subfolder per class.

    Classes and files are taken in alphabetical order. Images may differ in size.

    Raises:
        DataError: no subfolder, or one without an image; a file that is not an image.
    """
    classes = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not classes:
        raise DataError(f"{folder} has no subfolder: one for each class is needed.")
    images, labels = [], []
    for k, subfolder in enumerate(classes):
        files = sorted(p for p in subfolder.iterdir() if p.suffix.lower() in _SUFFIXES)
        if not files:
            raise DataError(f"{subfolder} holds no image.")
        images += [decode(path.read_bytes(), str(path)) for path in files]
        labels += [k] * len(files)
    return images, labels, tuple(path.name for path in classes)


@only_data_errors("a tar archive of images")
def read_split(archive: Path, *, frames: str, masks: str = "") -> Parts:
    """The frames of an archive in the order of their names, with the mask of each.

    Args:
        archive: the tar file; it is read, never unpacked to disk.
        frames: regular expression for the members that are frames.
        masks: regular expression for the masks; one per frame, white where something is marked.

    Returns:
        inputs uint8 [n, height, width, channels]; targets uint8 [n, height, width] of zeros and
        ones, or [n, 0] without masks.
    """
    members = dict(_members(archive, rf"{frames}|{masks}" if masks else frames))
    pictures = [members[name] for name in sorted(members) if re.fullmatch(frames, name)]
    marked = [members[name] for name in sorted(members) if masks and re.fullmatch(masks, name)]
    if not pictures or len({picture.shape for picture in pictures}) != 1:
        raise DataError(f"{archive} holds no frames named {frames}, or frames of several sizes.")
    inputs = np.stack(pictures)
    if not masks:
        return Parts(inputs, np.empty((len(inputs), 0), np.uint8))
    if len(marked) != len(inputs) or {m.shape[:2] for m in marked} != {inputs.shape[1:3]}:
        raise DataError(f"{archive} holds {len(marked)} masks for {len(inputs)} frames.")
    return Parts(inputs, np.stack([mask[..., 0] > 127 for mask in marked]).astype(np.uint8))


def _members(archive: Path, pattern: str) -> Iterator[tuple[str, np.ndarray]]:
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            stream = tar.extractfile(member) if re.fullmatch(pattern, member.name) else None
            if stream is not None:
                if member.size > _LARGEST_FILE_BYTES:
                    raise DataError(f"{archive}: {member.name} is too large for an image.")
                yield member.name, decode(stream.read(), f"{archive.name}/{member.name}")
