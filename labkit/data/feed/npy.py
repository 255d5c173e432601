"""Rows of ``.npy`` files larger than memory, read through a memory map that stays small."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from labkit.errors import DataError, ShapeError
from labkit.units import MEBI

__all__ = ["NpySource", "write_npy"]


class NpySource:
    """Rows of memory-mapped ``.npy`` files, one file for each field.

    The pages of a map that were touched count as the process's memory until the system
    wants them back. So that the figure stays true on a large machine too, the map gives
    its pages up each time ``limit_bytes`` have been read through it; the system keeps
    them cached as long as it has room.

    Args:
        paths: ``.npy`` files of the same number of rows.
        limit_bytes: how much to read before the pages are given up.

    Raises:
        DataError: a file is missing, cut short, or not ``.npy``.
        ShapeError: the files differ in their number of rows.
    """

    def __init__(self, *paths: str | os.PathLike[str], limit_bytes: int = 64 * MEBI) -> None:
        self._maps = [_open(Path(path)) for path in paths]
        self._limit_bytes, self._read_bytes = limit_bytes, 0
        lengths = [len(rows) for rows in self._maps]
        if len(set(lengths)) != 1:
            raise ShapeError("paths", required="at least one, all of one length", got=lengths)

    def __len__(self) -> int:
        return len(self._maps[0])

    def take(self, rows: NDArray[np.intp]) -> tuple[np.ndarray, ...]:
        """The rows asked for, copied out of the maps."""
        # Read in the order of the disk, then put in the order asked for.
        ordered, back = np.unique(rows, return_inverse=True)
        taken = tuple(np.asarray(rows_of[ordered])[back] for rows_of in self._maps)
        # A page that is touched brings up to 16 neighbours with it: count those as well.
        self._read_bytes += sum(array.nbytes for array in taken) + len(ordered) * 2**16
        if self._read_bytes > self._limit_bytes:
            self._give_up_pages()
        return taken

    def _give_up_pages(self) -> None:
        self._read_bytes = 0
        for rows in self._maps:
            if isinstance(rows.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
                rows.base.madvise(mmap.MADV_DONTNEED)


def write_npy(
    path: str | os.PathLike[str],
    chunks: Iterable[np.ndarray],
    *,
    shape: tuple[int, ...],
    dtype: DTypeLike,
) -> None:
    """Write a ``.npy`` file chunk by chunk, never holding more than one chunk.

    Args:
        path: the file to write; it stands complete or not at all.
        chunks: arrays ``[some, *shape[1:]]`` whose rows add up to ``shape[0]``.
        shape: of the whole array.
        dtype: of the whole array.

    Raises:
        ShapeError: the chunks do not add up to ``shape``.
    """
    target, written, kind = Path(path), 0, np.dtype(dtype)
    partial = target.with_name(target.name + ".part")
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with partial.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in chunks:
            if chunk.shape[1:] != shape[1:]:
                raise ShapeError("chunks", required=f"[some, *{shape[1:]}]", got=chunk.shape)
            file.write(np.ascontiguousarray(chunk, kind).data)
            written += len(chunk)
    if written != shape[0]:
        raise ShapeError("chunks", required=f"{shape[0]} rows in all", got=written)
    partial.replace(target)


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist. Write it with write_npy or np.save.") from None
    except (ValueError, OSError, EOFError) as problem:
        raise DataError(f"{path} is not a whole .npy file: {problem}. Write it again.") from problem
