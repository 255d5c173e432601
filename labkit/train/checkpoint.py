"""Training states on disk: written aside, then renamed, so that a file is whole or absent."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labkit.errors import CheckpointError
from labkit.units import KIB, format_bytes

__all__ = ["CheckpointFolder"]

_OVERHEAD_BYTES = 64 * KIB  # what orbax writes beside the arrays: shapes, types, an index


class CheckpointFolder:
    """A folder of checkpoints, each a folder ``step_<number>`` written by orbax.

    Args:
        path: made if it is not there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()

    def steps(self) -> list[int]:
        """The steps of the whole checkpoints, oldest first."""
        names = (entry.name for entry in self.path.glob("step_*"))
        return sorted(int(name[5:]) for name in names)

    def save(self, step: int, arrays: Mapping[str, np.ndarray], notes: Mapping[str, Any]) -> None:
        """Write a checkpoint; the ones before stay until ``keep`` removes them.

        Raises:
            CheckpointError: the disk is full, or the folder cannot be written.
        """
        aside = self.path / f".writing_{step:08d}"
        n_bytes = sum(array.nbytes for array in arrays.values()) + len(json.dumps(notes))
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._clear_unfinished()
            _reserve(self.path, n_bytes)
            _write(aside, arrays, notes)
            shutil.rmtree(self._folder(step), ignore_errors=True)
            aside.replace(self._folder(step))
        except Exception as error:  # orbax reports a full disk through several types
            self._clear_unfinished()
            raise CheckpointError(
                f"The checkpoint of step {step} ({format_bytes(n_bytes)}) could not be written to "
                f"{self.path}: {_first_line(error)}. Earlier checkpoints are untouched. Free some "
                "space, or give another checkpoint_dir."
            ) from error

    def load(self, step: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The arrays and the notes of a checkpoint.

        Raises:
            CheckpointError: it is damaged or not there.
        """
        try:
            return _read(self._folder(step))
        except Exception as error:
            raise CheckpointError(
                f"The checkpoint {self._folder(step)} cannot be read: {_first_line(error)}. "
                "Move it away to go on from an earlier one."
            ) from error

    def keep(self, wanted: set[int]) -> None:
        """Remove all checkpoints but the wanted ones, and what a killed run left unfinished."""
        for step in set(self.steps()) - wanted:
            shutil.rmtree(self._folder(step), ignore_errors=True)
        self._clear_unfinished()

    def _clear_unfinished(self) -> None:
        for unfinished in self.path.glob(".writing_*"):
            shutil.rmtree(unfinished, ignore_errors=True)

    def _folder(self, step: int) -> Path:
        return self.path / f"step_{step:08d}"


def _reserve(folder: Path, n_bytes: int) -> None:
    """Take the space and give it back: a full disk is found before anything is half written."""
    with tempfile.TemporaryFile(dir=folder) as probe:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(probe.fileno(), 0, n_bytes + _OVERHEAD_BYTES)
        else:
            probe.write(bytes(n_bytes + _OVERHEAD_BYTES))
            probe.flush()


def _write(folder: Path, arrays: Mapping[str, np.ndarray], notes: Mapping[str, Any]) -> None:
    import orbax.checkpoint as ocp  # costs most of a second: only for who saves

    shapes = {name: (array.shape, array.dtype.name) for name, array in arrays.items()}
    content = ocp.args.Composite(
        arrays=ocp.args.StandardSave(dict(arrays)),
        notes=ocp.args.JsonSave({**notes, "arrays": shapes}),
    )
    with ocp.Checkpointer(ocp.CompositeCheckpointHandler()) as checkpointer:
        checkpointer.save(folder, args=content)


def _read(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    import orbax.checkpoint as ocp

    with ocp.Checkpointer(ocp.CompositeCheckpointHandler()) as checkpointer:
        notes = checkpointer.restore(folder, args=ocp.args.Composite(notes=ocp.args.JsonRestore()))
        shapes = notes["notes"]["arrays"]
        templates = {name: np.zeros(shape, dtype) for name, (shape, dtype) in shapes.items()}
        stored = checkpointer.restore(
            folder, args=ocp.args.Composite(arrays=ocp.args.StandardRestore(templates))
        )
    return dict(stored["arrays"]), dict(notes["notes"])


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
