"""Where files lie on this machine, and whether each is the file it should be."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from labkit.data.registry import Copy, SourceFile
from labkit.errors import DataError

__all__ = ["Found", "data_folder", "find", "sha256_of"]


class Found(NamedTuple):
    """A file on this machine, and which of its known copies it is."""

    path: Path
    copy: Copy


def data_folder(root: str | os.PathLike[str] | None = None) -> Path:
    """The folder that holds data: `root`, else LABKIT_DATA, else the user's cache folder.

    Example:
        >>> data_folder("/srv/data").as_posix()
        '/srv/data'
    """
    if root is not None:
        return Path(root).expanduser()
    if os.environ.get("LABKIT_DATA"):
        return Path(os.environ["LABKIT_DATA"]).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("labkit")) / "data"


def find(file: SourceFile, folder: Path) -> Found | None:
    """The file itself or a known copy of it below `folder`; None when none is there.

    A file that lies there under a known name but with the wrong content is moved aside, never
    deleted and never used.

    Raises:
        DataError: the file is cut short or altered; says where it was moved.
    """
    known = (file.served, *file.copies)
    for name in dict.fromkeys(copy.path for copy in known):
        path = folder / name
        if path.is_file():
            accepted = [copy for copy in known if copy.path == name]
            return Found(path, _identify(path, accepted, file.url))
    return None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _identify(path: Path, accepted: list[Copy], url: str) -> Copy:
    """Say which accepted copy the file at `path` is; set it aside if it is none."""
    digest = sha256_of(path)
    for copy in accepted:
        if copy.sha256 in (digest, None):
            return copy
    size, wanted = path.stat().st_size, accepted[0].size_bytes
    if wanted is not None and size < wanted:
        fault = f"is cut short: {size:,} of {wanted:,} bytes"
    else:
        fault = f"is altered: its sha256 is {digest}, not {accepted[0].sha256}"
    source = f" or put the file from {url} in its place" if url else ""
    raise DataError(
        f"{path} {fault}. {_set_aside(path, digest)} Load it again to fetch a fresh copy{source}."
    )


def _set_aside(path: Path, digest: str) -> str:
    """Rename a bad file, keeping its bytes; the new name says which bytes they are."""
    aside = path.with_name(f"{path.name}.corrupt-{digest[:12]}")
    try:
        path.replace(aside)
    except OSError as error:
        return f"It could not be moved aside ({error.strerror}); move it yourself."
    return f"It was moved aside to {aside.name}."
