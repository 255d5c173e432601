"""What is here, what can be fetched, and whether what is here is genuine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labkit.data.download import obtain
from labkit.data.registry import Entry, SourceFile, available, entry
from labkit.data.store import data_folder, find
from labkit.errors import DataError

__all__ = ["FileReport", "SetReport", "SetSummary", "data_list", "fetch", "verify"]

State = Literal["good", "copy", "unchecked", "missing", "bad"]


@dataclass(frozen=True)
class SetSummary:
    """One line of the list of data sets.

    Attributes:
        name: what `load` takes.
        title: what it is, in one line.
        format: the reader's name.
        splits: the splits that `load` takes.
        licence: the terms of use.
        url: the home page.
        download_bytes: size of all its files; 0 for an embedded set.
        files: how many files the set has.
        files_here: how many of them lie below the data folder (not checked).
    """

    name: str
    title: str
    format: str
    splits: tuple[str, ...]
    licence: str
    url: str
    download_bytes: int
    files: int
    files_here: int

    @property
    def ready(self) -> bool:
        """Whether `load` needs no download."""
        return self.files_here == self.files


@dataclass(frozen=True)
class FileReport:
    """What was found out about one file.

    Attributes:
        path: where it lies, or where it must be put.
        state: "good"; "copy" (a known file that stands for the good one); "unchecked"
            (nobody published a checksum); "missing"; or "bad" (it was moved aside).
        detail: how a copy differs, or what is wrong and what to do.
    """

    path: Path
    state: State
    detail: str = ""


@dataclass(frozen=True)
class SetReport:
    """What was found out about the files of one set."""

    name: str
    files: tuple[FileReport, ...]

    @property
    def ok(self) -> bool:
        """Whether every file is here and none is bad."""
        return all(file.state not in ("missing", "bad") for file in self.files)


def data_list(*, root: str | os.PathLike[str] | None = None) -> tuple[SetSummary, ...]:
    """Every data set that labkit knows, in alphabetical order; quick, nothing is checked.

    Example:
        >>> [s.name for s in data_list() if s.format == "embedded"]
        ['breast_cancer', 'diabetes', 'digits', 'wine']
    """
    folder = data_folder(root)
    return tuple(_summary(entry(name), folder) for name in available())


def fetch(name: str, *, root: str | os.PathLike[str] | None = None) -> SetReport:
    """Get every file of a set that is not here yet; check all of them.

    Raises:
        ArgumentError: no such set.
        OfflineError: a file cannot be fetched; says where to put it.
        DataError: a file here, or what the server sends, is not the right one.
    """
    folder = data_folder(root)
    for file in entry(name).files:
        obtain(file, folder)
    return verify(name, root=root)


def verify(name: str, *, root: str | os.PathLike[str] | None = None) -> SetReport:
    """Compare every file of a set with its checksum; fetch nothing.

    A bad file is moved aside, as `load` would do, and reported.

    Raises:
        ArgumentError: no such set.

    Example:
        >>> verify("digits").ok  # embedded: there is no file to check
        True
    """
    folder = data_folder(root)
    return SetReport(name, tuple(_report(file, folder) for file in entry(name).files))


def _summary(about: Entry, folder: Path) -> SetSummary:
    return SetSummary(
        name=about.name,
        title=about.title,
        format=about.format,
        splits=tuple(about.splits),
        licence=about.licence,
        url=about.url,
        download_bytes=sum(file.served.size_bytes or 0 for file in about.files),
        files=len(about.files),
        files_here=sum(_is_here(file, folder) for file in about.files),
    )


def _is_here(file: SourceFile, folder: Path) -> bool:
    return any((folder / copy.path).is_file() for copy in (file.served, *file.copies))


def _report(file: SourceFile, folder: Path) -> FileReport:
    wanted = folder / file.served.path
    try:
        found = find(file, folder)
    except DataError as error:
        return FileReport(wanted, "bad", str(error))
    if found is None:
        source = f"fetch it from {file.url}" if file.url else f"get it as {file.home} tells"
        return FileReport(wanted, "missing", f"not here: {source}")
    if found.copy.sha256 is None:
        return FileReport(found.path, "unchecked", "no checksum is published for this file")
    state: State = "good" if found.copy is file.served else "copy"
    return FileReport(found.path, state, found.copy.note)
