"""The idx format of MNIST and Fashion-MNIST, plain or gzip.

A file is a header in big-endian order, ``0, 0, type, rank, size_1 … size_rank`` (two zero bytes,
two bytes, then 32-bit sizes), and the numbers themselves.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits",
http://yann.lecun.com/exdb/mnist/, section "The IDX file format".
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.errors import DataError

__all__ = ["read_idx", "read_split"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

#: Deflate cannot shrink data by more than this factor (https://zlib.net/zlib_tech.html).
_DEFLATE_LIMIT = 1032


@only_data_errors("an idx file")
def read_idx(path: Path) -> np.ndarray:
    """Read an array from an idx file; gzip is recognised by its first bytes.

    Returns:
        The array in its stored shape, in the machine's byte order.

    Raises:
        DataError: not an idx file, cut short, damaged, or longer than its header says.
    """
    raw = path.read_bytes()
    if raw[:2] != b"\x1f\x8b":
        return _parse(raw[:1024], raw, path)
    return _parse(zlib.decompressobj(wbits=31).decompress(raw, 1024), raw, path, gzipped=True)


def _parse(start: bytes, raw: bytes, path: Path, *, gzipped: bool = False) -> np.ndarray:
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES:
        raise DataError(
            f"{path} is not an idx file: it starts with {start[:4].hex(' ') or 'nothing'}, "
            "not with 00 00, a type (08 to 0e) and a rank."
        )
    rank, dtype = start[3], np.dtype(_TYPES[start[2]])
    header = 4 + 4 * rank
    if len(start) < header:
        raise DataError(f"{path} is cut short inside its header of {header} bytes.")
    shape = tuple(int(size) for size in np.frombuffer(start, ">u4", rank, 4))
    promised = header + math.prod(shape) * dtype.itemsize
    content = _inflate(raw, promised, path) if gzipped else raw
    if len(content) != promised:
        fault = "cut short" if len(content) < promised else "longer than its header says"
        raise DataError(
            f"{path} is {fault}: its header promises {promised:,} bytes for an array of shape "
            f"{shape}, and it holds {len(content):,}."
        )
    array = np.frombuffer(content, dtype, offset=header).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _inflate(raw: bytes, promised: int, path: Path) -> bytes:
    """Unpack at most one byte more than promised, so that no header can exhaust the memory."""
    if promised > _DEFLATE_LIMIT * len(raw) + 1024:
        raise DataError(
            f"{path} is cut short: its header promises {promised:,} bytes, "
            f"more than {len(raw):,} compressed bytes can hold."
        )
    unpacker = zlib.decompressobj(wbits=31)
    content = unpacker.decompress(raw, promised + 1)
    if not unpacker.eof and len(content) == promised:  # the checksum at the end is still unread
        content += unpacker.decompress(unpacker.unconsumed_tail, 1)
    if not unpacker.eof and len(content) <= promised:
        raise DataError(f"{path} is cut short: its gzip stream ends before its end mark.")
    return content


def read_split(images: Path, labels: Path) -> Parts:
    """Images and labels of one split.

    Returns:
        inputs uint8 [n, height, width, 1] and targets int32 [n].
    """
    pixels, classes = read_idx(images), read_idx(labels)
    if pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise DataError(f"{images} holds {pixels.dtype} {pixels.shape}, not 8-bit images.")
    if classes.dtype != np.uint8 or classes.shape != pixels.shape[:1]:
        raise DataError(
            f"{labels} holds {classes.dtype} {classes.shape}, "
            f"not one label for each of the {len(pixels):,} images of {images.name}."
        )
    return Parts(inputs=pixels[..., np.newaxis], targets=classes.astype(np.int32))
