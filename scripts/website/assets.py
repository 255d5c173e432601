"""Fetch what the pages load (fonts, MathJax, the widget manager) from the npm registry.

    python -m scripts.website.assets

Leaves ``build/vendor/NAME/...``. Each package is held to the checksum in docs/assets.toml
before a file of it is read; what stands already is not fetched again.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
LISTED = ROOT / "docs" / "assets.toml"
VENDOR = ROOT / "build" / "vendor"


@dataclass(frozen=True)
class Asset:
    """One package and the files wanted of it.

    Attributes:
        integrity: base64 of the SHA-512 of the package's archive, as npm writes it.
        folder: within the package; what lies below it keeps its path.
        pick: patterns of paths below ``folder``.
        judge: whether it is used by tests only, not by a page.
    """

    package: str
    version: str
    licence: str
    integrity: str
    folder: str
    pick: Sequence[str]
    judge: bool = False

    @property
    def name(self) -> str:
        """The package's name without its scope: the folder its files go to."""
        return self.package.rpartition("/")[2]


def listed(path: Path = LISTED) -> list[Asset]:
    """The assets of docs/assets.toml."""
    return [Asset(**row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["asset"]]


def picked(asset: Asset, archive: bytes) -> dict[str, bytes]:
    """The wanted files of a package's archive, after its checksum was compared.

    Raises:
        ValueError: another archive than the one listed, or a pattern that finds nothing.
    """
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != asset.integrity:
        raise ValueError(f"{asset.package} {asset.version}: {found} is not {asset.integrity}")
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            if not member.isfile() or not path.is_relative_to(asset.folder):
                continue
            inner = str(path.relative_to(asset.folder))
            if any(fnmatch.fnmatchcase(inner, pattern) for pattern in asset.pick):
                files[inner] = tar.extractfile(member).read()
    for pattern in asset.pick:
        if not fnmatch.filter(files, pattern):
            raise ValueError(f"{asset.package} {asset.version} has no {pattern}")
    return files


def fetch(asset: Asset, vendor: Path = VENDOR) -> str:
    """Bring one asset's files to ``vendor/NAME``; a line that says what happened."""
    target, stamp = vendor / asset.name, vendor / f"{asset.name}.stamp"
    wanted = repr(asset)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return f"{asset.package} {asset.version}: here"
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{asset.package}@{asset.version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)
        (archive,) = Path(folder).glob("*.tgz")
        files = picked(asset, archive.read_bytes())
    shutil.rmtree(target, ignore_errors=True)
    for inner, content in files.items():
        path = target / inner
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    stamp.write_text(wanted, encoding="utf-8")
    return f"{asset.package} {asset.version}: {len(files)} files, {asset.licence}"


def main() -> None:
    """Fetch all that is listed; exit code 1 and a reason where the registry is out of reach."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    try:
        for asset in listed():
            print(fetch(asset), flush=True)
    except (OSError, subprocess.SubprocessError) as error:
        sys.exit(f"the npm registry is out of reach, so the site's assets are missing: {error}")


if __name__ == "__main__":
    main()
