"""What every reader returns, and the promise every reader makes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np

from labkit.errors import DataError

__all__ = ["Parts", "only_data_errors"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Parts(NamedTuple):
    """The arrays of one split: one input and one target per example."""

    inputs: np.ndarray
    targets: np.ndarray
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()


def only_data_errors(
    what: str,
) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Make a reader raise `DataError` and nothing else, whatever its file holds.

    A reader checks what it can foresee, with a sentence of its own. Under it lie other parsers
    (zlib, pandas, Pillow, wfdb) whose ways to fail on a damaged file cannot be listed; here, and
    only here, all of them become one error that names the file.

    Args:
        what: the format, for the message: "an idx file".
    """

    def decorate(read: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        @functools.wraps(read)
        def guarded(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
            try:
                return read(*args, **kwargs)
            except (DataError, ImportError, DeprecationWarning):
                raise  # the last two speak of this machine, not of the file
            except Exception as error:
                names = [str(a) for a in (*args, *kwargs.values()) if isinstance(a, Path)]
                cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                raise DataError(f"{' and '.join(names)} is not {what} ({cause}).") from error

        return guarded

    return decorate
