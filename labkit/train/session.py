"""One training run while it is under way: where it stands, and how it is stored."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from labkit.errors import CheckpointError, TrainingError
from labkit.models import predict
from labkit.train.checkpoint import CheckpointFolder
from labkit.train.history import EpochRecord, History
from labkit.train.loop import Examples, Program, epoch_order, initial_state, run_steps
from labkit.train.state import Parts, TrainState, from_arrays, to_arrays, update_model
from labkit.train.stopping import EarlyStopping

__all__ = ["Plan", "Session"]

_CHUNK_S = 0.5  # how often a run comes back to Python: to report, and to hear Ctrl-C


@dataclass(frozen=True)
class Plan:
    """What was asked for.

    Attributes:
        epochs: passes over the examples.
        batch_size: examples of a step.
        seed: of their order.
        watch: the score that makes an epoch the best.
        alike: a number for each example; those of a batch are near each other.
    """

    epochs: int
    batch_size: int
    seed: int
    watch: EarlyStopping | None = None
    alike: np.ndarray | None = None


class Session:
    """A run between two chunks of steps.

    ``state`` is where training stands; ``good`` where the last finished epoch (or the start)
    stood, to which the model goes back when a loss is not finite; ``best`` where the best epoch
    stood, kept only if the model is to end there.
    """

    def __init__(
        self,
        model: nnx.Module,
        program: Program,
        examples: Examples,
        held_out: Examples | None,
        plan: Plan,
        parts: Parts,
        watch: Callable[[History], None] | None = None,
    ) -> None:
        self.model, self.program, self.plan = model, program, plan
        self.examples, self.held_out = examples, held_out
        self.frozen = parts.frozen
        params, rest = _copied((parts.params, parts.rest))  # else donation takes the model's own
        self.state = initial_state(program, params, rest)
        self.good = _copied(self.state)
        self.best: TrainState | None = None
        self.history = History()
        self.step_in_epoch = 0
        self.trace = np.zeros((self.steps_per_epoch, len(program.score_names)), np.float32)
        self.folder: CheckpointFolder | None = None
        self._steps_per_s = 0.0
        self._watch, self._watched_at = watch, time.monotonic()

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in the examples."""
        return len(self.examples.inputs) // self.plan.batch_size

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.plan.epochs * self.steps_per_epoch

    @property
    def done_steps(self) -> int:
        """Steps behind us, those before a resumption included."""
        return len(self.history.epochs) * self.steps_per_epoch + self.step_in_epoch

    @property
    def best_epoch(self) -> int:
        """The epoch with the best watched score so far; 0 if none."""
        return self.plan.watch.best_epoch(self.history) if self.plan.watch else 0

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or enough of them have brought nothing."""
        if len(self.history.epochs) >= self.plan.epochs:
            return True
        watch = self.plan.watch
        return bool(watch and self.history.epochs and watch.is_over(self.history))

    def run_epoch(self, line: Any, interrupted: threading.Event) -> None:
        """Run to the end of the epoch, or to the chunk after which an interrupt was heard."""
        began = time.perf_counter()
        epoch = len(self.history.epochs) + 1
        count, size = len(self.examples.inputs), self.plan.batch_size
        order = epoch_order(self.plan.seed, epoch, count, size, self.plan.alike)
        key = jax.random.fold_in(jax.random.key(self.plan.seed), epoch)
        line.set_description(f"epoch {epoch}/{self.plan.epochs}")
        while self.step_in_epoch < self.steps_per_epoch:
            taken = self._run_chunk(order, key)
            loss = self.trace[self.step_in_epoch - 1, 0]
            line.set_postfix_str(f"loss {loss:.3f}", refresh=False)  # one line per chunk, not two
            line.update(taken)
            if self._watch and time.monotonic() - self._watched_at >= _CHUNK_S:
                self._show()
            if interrupted.is_set() and self.step_in_epoch < self.steps_per_epoch:
                self._save()
                return
        self._finish_epoch(began)
        line.set_postfix_str(_summary(self.history.epochs[-1]))

    def _run_chunk(self, order: np.ndarray, key: jax.Array) -> int:
        """Run about half a second of steps; returns how many."""
        began, start = time.perf_counter(), self.step_in_epoch
        length = max(1, int(_CHUNK_S * self._steps_per_s))
        stop = min(start + length, self.steps_per_epoch)
        self.state, trace, done = run_steps(
            self.program,
            self.state,
            jnp.asarray(self.trace),
            self.examples,
            order,
            key,
            start,
            stop,
            self.frozen,
        )
        self.trace, self.step_in_epoch = np.array(trace), int(done)
        if not np.isfinite(self.trace[self.step_in_epoch - 1, 0]):
            self._fail(f"the loss is {self.trace[self.step_in_epoch - 1, 0]}")
        taken = self.step_in_epoch - start
        self._steps_per_s = taken / (time.perf_counter() - began)
        return taken

    def _finish_epoch(self, began: float) -> None:
        """Score the epoch, remember it, store it."""
        if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(self.state.params)):
            self._fail("the loss is finite but the parameters no longer are")
        names = self.program.score_names
        train = dict(zip(names, map(float, self.trace.mean(0, np.float64)), strict=True))
        record = EpochRecord(
            epoch=len(self.history.epochs) + 1,
            seconds=time.perf_counter() - began,
            train=train,
            validation=self._validation_scores(),
        )
        self.history = self.history.with_epoch(record, self.trace[:, 0])
        self.step_in_epoch = 0
        self.good = _copied(self.state)
        watch = self.plan.watch
        if watch and watch.restore_best and self.best_epoch == record.epoch:
            self.best = self.good
        self._save()

    def _validation_scores(self) -> dict[str, float]:
        if self.held_out is None:
            return {}
        update_model(self.model, self.state)
        outputs = jax.tree.map(jnp.asarray, predict(self.model, self.held_out.inputs))
        scores = (self.program.loss, *self.program.metrics)
        values = [float(score(outputs, self.held_out.targets)) for score in scores]
        return dict(zip(self.program.score_names, values, strict=True))

    def _fail(self, what: str) -> None:
        epoch = len(self.history.epochs) + 1
        number = self.done_steps
        self.state = self.good
        back = f"the end of epoch {epoch - 1}" if epoch > 1 else "its parameters before training"
        raise TrainingError(
            f"Training stopped at step {number} (epoch {epoch}, step "
            f"{self.step_in_epoch} of {self.steps_per_epoch}): {what}. The model is back at {back}"
            f"{', and the checkpoints are untouched' if self.folder else ''}. Lower the learning "
            "rate, clip the gradients, or look for non-finite inputs."
        )

    @contextmanager
    def writing_back(self) -> Iterator[None]:
        """Give the model its arrays at the end, however the end comes."""
        try:
            yield
            if self.is_over and self.best is not None:
                self.state = self.best
        finally:
            lost = any(leaf.is_deleted() for leaf in jax.tree.leaves(self.state.params))
            update_model(self.model, self.good if lost else self.state)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Show the history at the end once more, however the end comes."""
        try:
            yield
        finally:
            if self._watch:
                self._show()

    def _show(self) -> None:
        losses = np.concatenate([self.history.step_losses, self.trace[: self.step_in_epoch, 0]])
        if self._watch:
            self._watch(History(self.history.epochs, losses))
        self._watched_at = time.monotonic()

    # ---- on disk

    def open_checkpoints(self, path: str | Path, *, resume: bool) -> None:
        """Store the run in a folder from now on, and go on from what it holds if ``resume``."""
        folder = CheckpointFolder(path)
        steps = folder.steps()
        if steps and not resume:
            raise CheckpointError(
                f"{folder.path} holds the checkpoint of step {steps[-1]} of another run. Pass "
                "resume=True to go on from it, or give an empty checkpoint_dir."
            )
        self.folder = folder
        if steps:
            self._restore(*folder.load(steps[-1]))

    def _identity(self) -> dict[str, Any]:
        """What must be equal for a resumed run to continue the same computation."""
        known = {} if self.plan.alike is None else {"alike": self.plan.alike.tolist()}
        return {
            **known,
            "seed": self.plan.seed,
            "batch_size": self.plan.batch_size,
            "examples": len(self.examples.inputs),
            "scores": list(self.program.score_names),
            "state": {k: [*v.shape, v.dtype.name] for k, v in to_arrays(self.state).items()},
            "frozen": self._frozen_digest,
        }

    @functools.cached_property
    def _frozen_digest(self) -> str:
        """The parameters that are not stored, for they must be there again: their sha256."""
        digest = hashlib.sha256()
        for name, array in to_arrays(self.frozen).items():
            digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest() if self.frozen else "none"

    def _save(self) -> None:
        if self.folder is None:
            return
        notes = {
            "run": self._identity(),
            "step_in_epoch": self.step_in_epoch,
            "history": self.history.to_json(),
        }
        arrays = {**to_arrays(self.state), "trace": self.trace}
        self.folder.save(self.done_steps, arrays, notes)
        self.folder.keep({self.done_steps, self.best_epoch * self.steps_per_epoch})

    def _restore(self, arrays: dict[str, np.ndarray], notes: dict[str, Any]) -> None:
        for name, ours in self._identity().items():
            if notes["run"].get(name) != ours:
                raise CheckpointError(
                    f"The checkpoint in {self.folder and self.folder.path} is of another run: its "
                    f"{name} differs from this run's. Give another checkpoint_dir."
                )
        self.history = History.from_json(notes["history"])
        self.step_in_epoch, self.trace = notes["step_in_epoch"], arrays["trace"]
        self.state = from_arrays(self.state, arrays)
        self.good = _copied(self.state)
        watch = self.plan.watch
        if self.folder and watch and watch.restore_best and self.best_epoch:
            stored, _ = self.folder.load(self.best_epoch * self.steps_per_epoch)
            self.best = from_arrays(self.state, stored)


def _copied(state: Any) -> Any:
    return jax.tree.map(jnp.copy, state)


def _summary(record: EpochRecord) -> str:
    scores = {**record.train, **{f"validation {k}": v for k, v in record.validation.items()}}
    return ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
