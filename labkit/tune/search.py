"""Try hyperparameters, one after another, many at once, or all in one compiled program."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labkit.errors import ArgumentError, ShapeError
from labkit.train.progress import interruptible
from labkit.tune.methods import Method, Pruning, Random
from labkit.tune.past import Past
from labkit.tune.records import SearchResult, TrialRecord
from labkit.tune.space import Space, checked_space
from labkit.tune.store import StudyFile
from labkit.tune.trial import Task, run_trial

__all__ = ["search"]

_PROPOSED_AT_ONCE = 4  # for an executor, where a method learns: enough for a small machine


def search(
    objective: Callable[..., Any],
    space: Space,
    *,
    trials: int,
    method: Method | None = None,
    pruning: Pruning | None = None,
    maximise: bool = False,
    executor: Executor | None = None,
    vectorised: bool = False,
    batch: int | None = None,
    store: str | Path | None = None,
    resume: bool = False,
    seed: int = 0,
    progress: bool = False,
) -> SearchResult:
    """Search a space for the hyperparameters with the best value.

    The result depends on the arguments alone, not on how fast trials run or on which machine: a
    proposal follows from the seed, the number of the trial and the batches before it. A search
    that was killed and resumed ends with the same trials as one that was not; what is lost is the
    trial that was under way (with an executor, those under way; vectorised, the batch). Ctrl-C
    ends the search after the trial under way, which does not count, and returns the others.

    Args:
        objective: called with a `Trial`, returns its value. A `TrainingError`, or a value that is
            not finite, marks the trial as failed and the search goes on; other errors end it.
        space: what to search.
        trials: how many in all, those of a resumed search included; a `Grid` ends where it ends.
        method: `Grid`, `Random` (if not given) or `Bayesian`.
        pruning: when to stop a trial that has fallen behind: `SuccessiveHalving`, `Hyperband`.
            The objective must then call ``trial.report(step, value)``.
        maximise: whether larger values are better.
        executor: runs trials side by side: a `ProcessPoolExecutor` (its objective must stand in
            an importable module), a `ThreadPoolExecutor`, or a Dask client's ``get_executor()``.
        vectorised: the objective takes a whole batch, a dict with an array for each
            hyperparameter, and returns an array of values.
        batch: trials proposed at once, which do not learn from each other. If not given: 1; with
            an executor 4; all, where the method does not learn and nothing is pruned.
        store: an SQLite file that keeps every finished trial.
        resume: go on from the trials in ``store``, if there are any.
        seed: of the proposals and of ``trial.seed``.
        progress: show a line that moves.

    Raises:
        ArgumentError: an empty space, no trials, or arguments that do not go together.
        ShapeError: a vectorised objective that does not return one value for each trial.
        CheckpointError: a store that cannot be used, or holds another search.

    Example:
        >>> from labkit.tune import Real
        >>> result = search(lambda trial: (trial["x"] - 1) ** 2, {"x": Real(-4, 4)}, trials=30)
        >>> abs(result.best.params["x"] - 1) < 0.5
        True
    """
    checked_space(space)
    method = Random() if method is None else method
    trials = int(min(trials, method.size(space)))
    _check(trials, batch, pruning, executor, vectorised)
    learns = method.learns or pruning is not None
    if batch is None:
        batch = trials if not learns else _PROPOSED_AT_ONCE if executor or vectorised else 1
    plan = _Plan(objective, space, trials, method, pruning, maximise, learns, batch, seed)
    with contextlib.ExitStack() as stack:
        known: dict[int, TrialRecord] = {}
        file = None
        if store is not None:
            file = StudyFile(
                store, space=space, identity=plan.identity, maximise=maximise, resume=resume
            )
            stack.callback(file.close)
            known = {record.number: record for record in file.records()}
        interrupted = stack.enter_context(interruptible())
        line = stack.enter_context(_progress_line(trials, len(known), shown=progress))
        for record in plan.new_records(known, executor, vectorised):
            if interrupted.is_set():
                break
            known[record.number] = record
            if file:
                file.add(record)
            line.update()
    finished = tuple(known[number] for number in sorted(known) if number < trials)
    return SearchResult(dict(space), finished, maximise)


@dataclass(frozen=True)
class _Plan:
    """What was asked for; ``learns``: whether a trial depends on those before it."""

    objective: Callable[..., Any]
    space: Space
    trials: int
    method: Method
    pruning: Pruning | None
    maximise: bool
    learns: bool
    batch: int
    seed: int

    @property
    def identity(self) -> dict[str, Any]:
        """What must be equal for a search to be the continuation of another."""
        return {
            "space": {name: repr(side) for name, side in self.space.items()},
            "method": repr(self.method),
            "pruning": repr(self.pruning),
            "maximise": self.maximise,
            "seed": self.seed,
            "batch": self.batch if self.learns else "any",
        }

    def new_records(
        self, known: Mapping[int, TrialRecord], executor: Executor | None, vectorised: bool
    ) -> Iterator[TrialRecord]:
        """Run what is not known, batch by batch; the caller makes known what it is given."""
        for first in range(0, self.trials, self.batch):
            numbers = range(first, min(first + self.batch, self.trials))
            missing = [number for number in numbers if number not in known]
            # One program computes the whole batch again if a part of it was not yet written.
            tasks = self._tasks(known, first, numbers if vectorised and missing else missing)
            done = _all_at_once(tasks) if vectorised and tasks else _one_by_one(tasks, executor)
            yield from (record for record in done if record.number in missing)

    def _tasks(
        self, known: Mapping[int, TrialRecord], first: int, numbers: Iterable[int]
    ) -> list[Task]:
        """The trials to run, each with what it may learn from: the batches before."""
        earlier = [n for n in sorted(known) if n < first] if self.learns else []
        past = Past(self.space, tuple(known[n] for n in earlier), self.maximise, self.seed)
        return [
            Task(self.objective, number, self.method.propose(past, number), past, self.pruning)
            for number in numbers
        ]


def _one_by_one(tasks: Sequence[Task], executor: Executor | None) -> Iterator[TrialRecord]:
    """The records of a batch, in the order in which they come."""
    if executor is None:
        yield from map(run_trial, tasks)
        return
    futures = [executor.submit(run_trial, task) for task in tasks]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _all_at_once(tasks: Sequence[Task]) -> Iterator[TrialRecord]:
    """One call of the objective for all."""
    columns = {name: np.array([task.params[name] for task in tasks]) for name in tasks[0].params}
    objective: Callable[..., Any] = tasks[0].objective
    values = np.asarray(objective(columns), dtype=float)
    if values.shape != (len(tasks),):
        required = f"an array of {len(tasks)} values, one for each trial"
        raise ShapeError("what a vectorised objective returns", required=required, got=values.shape)
    worst = -math.inf if tasks[0].past.maximise else math.inf
    for task, value in zip(tasks, values.tolist(), strict=True):
        if math.isfinite(value):
            yield TrialRecord(task.number, task.params, value)
        else:
            yield TrialRecord(task.number, task.params, worst, "failed")


def _progress_line(trials: int, done: int, *, shown: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=trials, initial=min(done, trials), unit="trial", disable=not shown)


def _check(
    trials: int,
    batch: int | None,
    pruning: Pruning | None,
    executor: Executor | None,
    vectorised: bool,
) -> None:
    if trials < 1:
        raise ArgumentError("trials", required="at least 1", got=trials)
    if batch is not None and batch < 1:
        raise ArgumentError("batch", required="at least 1", got=batch)
    if vectorised and (pruning is not None or executor is not None):
        raise ArgumentError(
            "vectorised",
            required="used without pruning and without an executor",
            got=(pruning, executor),
            fix="A batch is one program: it starts and ends as a whole.",
        )
