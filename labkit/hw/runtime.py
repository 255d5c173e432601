"""Remedies for slow defaults, applied by ``import labkit`` before JAX starts.

==================== ==========================================================
remedy               what it cures
==================== ==========================================================
malloc               On CPU, XLA allocates results and temporaries anew at each
                     call. Above 32 MiB glibc takes them from the kernel and
                     gives them back, so that every call touches fresh pages,
                     each one a page fault. ``mallopt`` lets it keep them, in one
                     heap: the heaps of further threads end at 64 MiB.
compilation_cache    A compiled program is thrown away when the process ends.
                     JAX can keep it in a folder; a second run starts warm.
==================== ==========================================================

The environment variable ``LABKIT_REMEDIES`` undoes them: ``all`` (the default),
``none``, or the names to keep, separated by commas. What a reader has set
already (``JAX_COMPILATION_CACHE_DIR``) is left as it is. This module imports
nothing outside the standard library, so that ``import labkit`` stays cheap.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["VARIABLE", "Remedy", "cache_folder", "runtime_report"]

#: The one variable that chooses among the remedies.
VARIABLE = "LABKIT_REMEDIES"

# Of glibc's <malloc.h>: how many bytes free at the top of the heap are kept, how many requests
# mmap may serve (its threshold cannot be raised above 32 MiB), how many heaps there may be.
_MALLOPT = {"M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_MMAP_MAX": (-4, 0), "M_ARENA_MAX": (-8, 1)}

_CACHE_SETTINGS = {
    "jax_compilation_cache_dir": "",
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


@dataclass(frozen=True)
class Remedy:
    """One remedy: whether it is in force, and what was found.

    Example:
        >>> print(Remedy("malloc", applied=False, detail="no glibc here"))
        malloc: not applied (no glibc here)
    """

    name: str
    applied: bool
    detail: str

    def __str__(self) -> str:
        return f"{self.name}: {'applied' if self.applied else 'not applied'} ({self.detail})"


@cache
def runtime_report() -> tuple[Remedy, ...]:
    """Apply the remedies, once in a process, and say what came of each.

    ``import labkit`` makes the first call; later calls return the same report.

    Example:
        >>> [remedy.name for remedy in runtime_report()]
        ['malloc', 'compilation_cache']
    """
    chosen = os.environ.get(VARIABLE, "all").strip()
    remedies: dict[str, Callable[[], tuple[bool, str]]] = {
        "malloc": _keep_freed_memory,
        "compilation_cache": _keep_compiled_programs,
    }
    kept = list(remedies) if chosen == "all" else [n.strip() for n in chosen.split(",")]
    report = []
    for name, apply in remedies.items():
        outcome = apply() if name in kept else (False, f"{VARIABLE}={chosen}")
        report.append(Remedy(name, *outcome))
    return tuple(report)


def cache_folder() -> Path:
    """The folder in which labkit keeps what it can make again: ``XDG_CACHE_HOME`` or the system's.

    Example:
        >>> cache_folder().name
        'labkit'
    """
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "labkit"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "labkit"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "labkit"
    return Path.home() / ".cache" / "labkit"


def _keep_freed_memory() -> tuple[bool, str]:
    if not sys.platform.startswith("linux"):
        return False, f"glibc only, and this is {sys.platform}"
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return False, "the C library is not glibc"
    done = {option: libc.mallopt(*setting) for option, setting in _MALLOPT.items()}
    return all(done.values()), "mallopt: one heap, no mmap, up to 2 GiB of freed memory kept"


def _keep_compiled_programs() -> tuple[bool, str]:
    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return False, f"already set: {os.environ['JAX_COMPILATION_CACHE_DIR']}"
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return False, f"cannot make {folder}: {error.strerror}"
    settings = _CACHE_SETTINGS | {"jax_compilation_cache_dir": str(folder)}
    jax = sys.modules.get("jax")
    for name, value in settings.items():
        if jax is None:
            os.environ.setdefault(name.upper(), str(value))
        else:
            jax.config.update(name, value)
    return True, str(folder)
