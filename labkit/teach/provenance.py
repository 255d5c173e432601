"""Where a result comes from: the device, the versions, the state of the repository."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["git_revision", "installed_version", "provenance"]

#: What a result may depend on.
PACKAGES = ("labkit", "jax", "flax", "optax", "numpy", "scipy", "scikit-learn", "qiskit")


def provenance() -> dict[str, Any]:
    """Device, versions and git revision of this process, as plain data for a notebook's output.

    JAX is asked for its device if the notebook imported it; else the processor is named.

    Example:
        >>> sorted(provenance())
        ['device', 'revision', 'versions']
    """
    from labkit.hw import this_cpu, this_device

    device = this_device() if "jax" in sys.modules else this_cpu()
    found = {name: installed_version(name) for name in PACKAGES}
    versions = {"python": platform.python_version(), **{k: v for k, v in found.items() if v}}
    return {"device": device.name, "versions": versions, "revision": git_revision(Path.cwd())}


def installed_version(package: str) -> str | None:
    """The version of an installed package, ``None`` if it is not installed.

    Example:
        >>> installed_version("no-such-package") is None
        True
    """
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def git_revision(folder: Path) -> str:
    """The commit checked out in ``folder``, with ``-dirty`` if tracked files differ from it.

    Returns:
        12 digits or more, or ``""`` where there is no repository or no git.
    """
    words = ("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
