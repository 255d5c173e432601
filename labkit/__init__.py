"""labkit: a laboratory for AI computing that lives in Jupyter.

Every room (``labkit.kernels``, ``labkit.train``, ...) is imported when it is
first used, so that ``import labkit`` alone costs next to nothing. It does apply
the remedies of :mod:`labkit.hw.runtime`, which must come before JAX starts.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from labkit.hw.runtime import runtime_report

__version__ = "0.1.0"

__all__ = ["__version__"]

runtime_report()  # applies the remedies


def __getattr__(name: str) -> ModuleType:
    """Import a room on first use: ``import labkit; labkit.kernels.dense(...)``."""
    if name.startswith("_") or name not in __dir__():
        raise AttributeError(f"labkit has no room {name!r}; it has {', '.join(_rooms())}.")
    return importlib.import_module(f"labkit.{name}")


def _rooms() -> list[str]:
    import pkgutil

    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def __dir__() -> list[str]:
    return [*__all__, *_rooms()]
