"""SIGKILL at moments drawn at random: at most one epoch is lost, and the end is the same bits.

A moment is counted, not timed: the run kills itself at its n-th access to the folder of its
checkpoints or at its n-th chunk of steps, whichever comes. So the moments lie where they hurt
(while a checkpoint is written, renamed, removed) and are the same on every machine.
``LABKIT_KILLS=20 pytest tests/train/test_train_killed.py`` takes twenty moments instead of four.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.models import MLP, MLPConfig
from labkit.train import CheckpointFolder, FitResult, fit, session

EPOCHS, STEPS = 4, 12
KILLS = int(os.environ.get("LABKIT_KILLS", "4"))
_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir"}
_ADAM = optax.adam(1e-2)


def run(folder: str | Path | None) -> tuple[nnx.Module, FitResult]:
    """A few epochs with dropout, Adam, an average and a best epoch: all that a state can hold."""
    x = np.random.default_rng(0).normal(size=(8 * STEPS, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    model = MLP(MLPConfig((4,), (8,), 2, dropout=0.2), rngs=nnx.Rngs(0))
    result = fit(
        model,
        x,
        y,
        epochs=EPOCHS,
        batch_size=8,
        optimizer=_ADAM,
        validation=(x[:16], y[:16]),
        average_decay=0.9,
        checkpoint_dir=folder,
        resume=True,
        progress=False,
    )
    return model, result


def count_moments(folder: Path, at_moment: Callable[[int], None]) -> None:
    """Call ``at_moment`` with 1, 2, ... at each access to the folder and each chunk of steps."""
    count = 0

    def happened() -> None:
        nonlocal count
        count += 1
        at_moment(count)

    def audit(event: str, arguments: tuple) -> None:
        inside = f"{arguments[0] if arguments else ''}{os.sep}".startswith(f"{folder}{os.sep}")
        if event in _EVENTS and inside:
            happened()

    run_chunk = session.Session._run_chunk

    def counted(self: session.Session, *arguments: object) -> int:
        happened()
        return run_chunk(self, *arguments)

    session.Session._run_chunk = counted  # type: ignore[method-assign]
    sys.addaudithook(audit)


def child(folder: Path, fatal: int) -> None:
    """Train, note every epoch that was begun, and die at the moment given (0: live)."""
    notes = folder.with_suffix(".notes")
    run_epoch = session.Session.run_epoch

    def noted(self: session.Session, *arguments: object) -> None:
        with notes.open("a") as file:
            file.write("epoch\n")
        run_epoch(self, *arguments)

    def at_moment(number: int) -> None:
        if number == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        notes.with_suffix(".moments").write_text(str(number))

    session.Session.run_epoch = noted  # type: ignore[method-assign]
    count_moments(folder, at_moment)
    run(folder)


def start(folder: Path, fatal: int) -> int:
    return subprocess.run(
        [sys.executable, __file__, str(folder), str(fatal)], check=False
    ).returncode


def bits(model: nnx.Module) -> list[np.ndarray]:
    return [np.asarray(p).view(np.uint32) for p in jax.tree.leaves(nnx.state(model, nnx.Param))]


@pytest.fixture(scope="module")
def straight() -> tuple[nnx.Module, FitResult]:
    return run(None)


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """How many moments a whole run has, and some of them drawn."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert start(folder, 0) == 0
    total = int(folder.with_suffix(".moments").read_text())
    assert total > 10 * EPOCHS  # the folder is seen: every checkpoint makes many accesses
    drawn = np.random.default_rng(0).choice(np.arange(1, total + 1), KILLS, replace=False)
    return sorted(map(int, drawn))


@pytest.mark.parametrize("which", range(KILLS))
def test_killed_at_any_moment_loses_at_most_one_epoch(
    which: int, moments: list[int], tmp_path: Path, straight: tuple[nnx.Module, FitResult]
) -> None:
    folder = tmp_path / "run"
    code = start(folder, moments[which])
    assert code in (-signal.SIGKILL, 0)  # 0: the writer's threads made fewer accesses this time
    begun = folder.with_suffix(".notes").read_text().count("epoch")
    steps = CheckpointFolder(folder).steps()
    stored = steps[-1] // STEPS if steps else 0
    assert stored >= begun - 1  # all but the epoch under way
    model, result = run(folder)
    assert result.ended == "completed"
    assert all(map(np.array_equal, bits(model), bits(straight[0])))
    ours, theirs = result.history.step_losses, straight[1].history.step_losses
    np.testing.assert_array_equal(ours, theirs)


if __name__ == "__main__":  # the run that is killed
    child(Path(sys.argv[1]), int(sys.argv[2]))
