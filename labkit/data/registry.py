"""The register of data sets: facts in TOML files, read into typed entries."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from labkit.errors import ArgumentError

__all__ = ["Copy", "Entry", "SourceFile", "Split", "available", "entry"]


@dataclass(frozen=True)
class Copy:
    """A known file, and how it differs from what its authors published.

    Attributes:
        path: where it lies below the data folder.
        sha256: its checksum; None when nobody published one, and the file is used as found.
        size_bytes: its size; None when unknown.
        note: what differs; empty where nothing does.
    """

    path: str
    sha256: str | None
    size_bytes: int | None
    note: str = ""


@dataclass(frozen=True)
class SourceFile:
    """One file of a data set: where it comes from and how it is known to be itself.

    Attributes:
        served: path, checksum and size of the file that `url` serves.
        url: address to fetch it from; empty when it must be put in place by hand.
        home: page that tells how to get it.
        copies: other files accepted in its place, each named.
    """

    served: Copy
    url: str = ""
    home: str = ""
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True)
class Split:
    """One split: the files it is read from, by role, and options for the reader.

    Attributes:
        files: below the data folder.
        options: of the reader.
        packaged: names of files that travel with labkit, in `labkit/data/samples`.
    """

    files: Mapping[str, SourceFile]
    options: Mapping[str, Any] = field(default_factory=dict)
    packaged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """Everything the register knows of one data set."""

    name: str
    title: str
    format: str
    licence: str
    citation: str
    url: str
    splits: Mapping[str, Split]
    class_names: tuple[str, ...] = ()
    value_range: tuple[float, float] | None = None

    @property
    def default_split(self) -> str:
        """The split that `load` takes unless told otherwise: "train" where there is one."""
        return next(iter(self.splits))

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """Every file of every split, each once, in order."""
        found = {f.served.path: f for s in self.splits.values() for f in s.files.values()}
        return tuple(found.values())


def available() -> tuple[str, ...]:
    """The names that `load` understands, in alphabetical order.

    Example:
        >>> "digits" in available()
        True
    """
    return tuple(sorted(_register()))


def entry(name: str) -> Entry:
    """The entry of one data set.

    Raises:
        ArgumentError: no set has this name; the message offers the nearest ones.

    Example:
        >>> entry("digits").default_split
        'train'
    """
    try:
        return _register()[name]
    except (KeyError, TypeError):
        near = difflib.get_close_matches(str(name), available(), n=3)
        fix = f"Did you mean {' or '.join(near)}?" if near else ""
        raise ArgumentError(
            "name", required=f"one of {', '.join(available())}", got=name, fix=fix
        ) from None


@cache
def _register() -> dict[str, Entry]:
    """Read every TOML file of the package's `sets` folder."""
    folder = resources.files("labkit.data") / "sets"
    tables = [
        tomllib.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    ]
    return {name: _entry(name, facts) for table in tables for name, facts in table.items()}


def _entry(name: str, facts: dict[str, Any]) -> Entry:
    home = facts["url"]
    files = {path: _source_file(path, f, home) for path, f in facts.get("files", {}).items()}
    splits = {
        split: Split(
            files={role: files[path] for role, path in about.get("files", {}).items()},
            options=about.get("options", {}),
            packaged=about.get("packaged", {}),
        )
        for split, about in facts["splits"].items()
    }
    low_high = facts.get("value_range")
    return Entry(
        name=name,
        title=facts["title"],
        format=facts["format"],
        licence=facts["licence"],
        citation=facts["citation"],
        url=home,
        splits=splits,
        class_names=tuple(facts.get("class_names", ())),
        value_range=(float(low_high[0]), float(low_high[1])) if low_high else None,
    )


def _source_file(path: str, about: dict[str, Any], home: str) -> SourceFile:
    def copy(facts: dict[str, Any]) -> Copy:
        return Copy(
            path=facts.get("path", path),
            sha256=facts.get("sha256"),
            size_bytes=facts.get("bytes"),
            note=facts.get("note", ""),
        )

    return SourceFile(
        served=copy(about),
        url=about.get("url", ""),
        home=home,
        copies=tuple(copy(facts) for facts in about.get("copies", ())),
    )
