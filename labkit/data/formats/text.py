"""Reading text files, strictly: the declared encoding or an error that says where it fails."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from labkit.errors import DataError

__all__ = ["read_lines", "read_text", "strings"]


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The whole file as text, line ends as they are; a byte-order mark is dropped.

    Raises:
        DataError: missing, empty, binary, or not in the encoding; says at which byte.
    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        text = raw.decode(encoding).removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path} is no whole gzip file: {error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not {encoding} text: byte {error.start:,} is wrong.") from error
    if "\0" in text:
        raise DataError(f"{path} is not a text file: it holds a zero byte.")
    if not text.strip():
        raise DataError(f"{path} is empty.")
    return text


def read_lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """The lines of a text file without their ends; only line feeds end a line."""
    lines = read_text(path, encoding).replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def strings(values: list[str]) -> np.ndarray:
    """A one-dimensional array of Python strings.

    Example:
        >>> strings(["a", "bc"])
        array(['a', 'bc'], dtype=object)
    """
    return np.array(values, dtype=object)
