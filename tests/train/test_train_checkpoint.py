from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.errors import CheckpointError
from labkit.models import MLP, MLPConfig
from labkit.train import CheckpointFolder, EarlyStopping, checkpoint, fit, session
from labkit.train.state import from_arrays, to_arrays

STEPS_PER_EPOCH = 15_000


def long_run(folder: str | Path | None, *, resume: bool = False):
    """Two epochs of about a second each, in many small steps, with dropout and Adam."""
    x = np.random.default_rng(0).normal(size=(4 * STEPS_PER_EPOCH, 16)).astype(np.float32)
    model = MLP(MLPConfig((16,), (64,), 2, dropout=0.2), rngs=nnx.Rngs(0))
    result = fit(
        model,
        x,
        (x[:, 0] > 0).astype(int),
        epochs=2,
        batch_size=4,
        optimizer=optax.adam(1e-3),
        checkpoint_dir=folder,
        resume=resume,
        progress=False,
    )
    return model, result


def params(model: nnx.Module) -> list[np.ndarray]:
    return [np.asarray(p) for p in jax.tree.leaves(nnx.state(model, nnx.Param))]


def assert_same_bits(first: nnx.Module, second: nnx.Module) -> None:
    for ours, theirs in zip(params(first), params(second), strict=True):
        np.testing.assert_array_equal(ours.view(np.uint32), theirs.view(np.uint32))


@pytest.fixture(scope="module")
def uninterrupted():
    return long_run(None)


def test_killed_in_the_middle_of_an_epoch_and_resumed_gives_the_same_bits(tmp_path, uninterrupted):
    child = subprocess.Popen([sys.executable, __file__, str(tmp_path)])
    try:
        folder = CheckpointFolder(tmp_path)
        while not folder.steps():
            assert child.poll() is None, "the run ended before its first checkpoint"
            time.sleep(0.01)
        time.sleep(0.1)  # well inside the second epoch
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert child.returncode == -signal.SIGKILL
    assert folder.steps() == [STEPS_PER_EPOCH]

    model, result = long_run(tmp_path, resume=True)
    assert_same_bits(model, uninterrupted[0])
    np.testing.assert_array_equal(result.history.step_losses, uninterrupted[1].history.step_losses)


def test_ctrl_c_keeps_everything_and_the_run_goes_on_from_the_very_step(
    tmp_path, uninterrupted, monkeypatch
):
    monkeypatch.setattr(session, "_CHUNK_S", 0.02)
    folder = CheckpointFolder(tmp_path)
    run_chunk = session.Session._run_chunk

    def press_in_second_epoch(self: session.Session, *args: object) -> int:
        if self.history.epochs and self.step_in_epoch:
            os.kill(os.getpid(), signal.SIGINT)
        return run_chunk(self, *args)

    monkeypatch.setattr(session.Session, "_run_chunk", press_in_second_epoch)
    before = signal.getsignal(signal.SIGINT)
    stopped, result = long_run(tmp_path)
    monkeypatch.setattr(session.Session, "_run_chunk", run_chunk)
    assert result.ended == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    (step,) = folder.steps()[-1:]
    assert STEPS_PER_EPOCH < step < 2 * STEPS_PER_EPOCH
    stored, _ = folder.load(step)
    np.testing.assert_array_equal(stored["params/head/kernel"], stopped.head.kernel[...])

    model, result = long_run(tmp_path, resume=True)
    assert result.ended == "completed"
    assert_same_bits(model, uninterrupted[0])


# ---- a small run for what needs no long one

X = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)
ADAM = optax.adam(1e-2)


def short_run(folder: Path | None, epochs: int, seed: int = 0, width: int = 8, **options):
    model = MLP(MLPConfig((4,), (width,), 2), rngs=nnx.Rngs(seed))
    options = {"optimizer": ADAM, "batch_size": 8, "progress": False} | options
    return model, fit(model, X, Y, epochs=epochs, checkpoint_dir=folder, **options)


@contextmanager
def files_no_larger_than(n_bytes: int):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_is_told_and_loses_nothing(tmp_path, monkeypatch) -> None:
    short_run(tmp_path, 1)
    reserve = checkpoint._reserve

    def reserve_on_a_full_disk(*args: object) -> None:  # not wider: JAX writes files as well
        with files_no_larger_than(300):
            reserve(*args)

    monkeypatch.setattr(checkpoint, "_reserve", reserve_on_a_full_disk)
    model = MLP(MLPConfig((4,), (8,), 2), rngs=nnx.Rngs(0))
    options = {"optimizer": ADAM, "batch_size": 8, "progress": False}
    with pytest.raises(
        CheckpointError, match=r"step 16 .* could not be written .* Free some space"
    ):
        fit(model, X, Y, epochs=2, checkpoint_dir=tmp_path, resume=True, **options)
    assert_same_bits(model, short_run(None, 2)[0])  # the training of epoch 2 is in the model
    assert [entry.name for entry in tmp_path.iterdir()] == ["step_00000008"]
    monkeypatch.undo()
    resumed, _ = short_run(tmp_path, 2, resume=True)
    assert_same_bits(model, resumed)


def test_folder_of_another_run_is_never_overwritten(tmp_path) -> None:
    short_run(tmp_path, 1)
    with pytest.raises(CheckpointError, match="step 8 of another run"):
        short_run(tmp_path, 1)
    for options, what in [
        ({"width": 9}, "state"),
        ({"batch_size": 16}, "batch_size"),
        ({"metrics": ()}, "scores"),
    ]:
        with pytest.raises(CheckpointError, match=f"its {what} differs"):
            short_run(tmp_path, 2, resume=True, **options)
    assert CheckpointFolder(tmp_path).steps() == [8]


def test_damaged_checkpoint_is_named(tmp_path) -> None:
    short_run(tmp_path, 1)
    for file in (tmp_path / "step_00000008").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(CheckpointError, match="step_00000008 cannot be read"):
        short_run(tmp_path, 2, resume=True)


def test_last_and_best_are_kept_and_what_was_left_unfinished_is_removed(tmp_path) -> None:
    (tmp_path / ".writing_00000008").mkdir()
    worse_each_epoch = {"validation": (X, 1 - Y), "early_stopping": EarlyStopping(patience=3)}
    model, result = short_run(tmp_path, 9, **worse_each_epoch)
    assert (result.ended, result.best_epoch) == ("stopped early", 1)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["step_00000008", "step_00000032"]
    again, repeated = short_run(tmp_path, 9, resume=True, **worse_each_epoch)
    assert repeated.ended == "stopped early"
    assert_same_bits(model, again)
    assert_same_bits(model, short_run(None, 1)[0])


def test_states_go_to_arrays_and_back_with_their_random_keys() -> None:
    state = {"w": jax.numpy.ones((2, 3)), "deep": [jax.random.key(7), jax.numpy.int32(5)]}
    arrays = to_arrays(state)
    assert set(arrays) == {"w", "deep/0", "deep/1"}
    back = from_arrays(state, arrays)
    assert (
        jax.random.key_data(back["deep"][0]).tolist()
        == jax.random.key_data(state["deep"][0]).tolist()
    )
    assert back["deep"][1].dtype == jax.numpy.int32


if __name__ == "__main__":  # the run that is killed
    long_run(sys.argv[1])
