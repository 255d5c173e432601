"""One trial under way: what the objective is given, and how its end is recorded."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from labkit.errors import ArgumentError, TrainingError
from labkit.tune.methods import Pruning
from labkit.tune.past import Past
from labkit.tune.records import TrialRecord

__all__ = ["Task", "Trial", "TrialStopped", "run_trial"]


class TrialStopped(Exception):  # noqa: N818 - an event, like StopIteration
    """Raised by `Trial.report` where the pruning rule ends a trial; do not catch it."""


class Trial:
    """What an objective is called with.

    Attributes:
        number: 0 for the first.
        params: the hyperparameters to try.
        seed: of this trial, the same however often it is run.
    """

    def __init__(
        self, number: int, params: Mapping[str, Any], seed: int, judge: Any = None
    ) -> None:
        self.number, self.params, self.seed = number, dict(params), seed
        self.reports: dict[int, float] = {}
        self._judge = judge

    def __getitem__(self, name: str) -> Any:
        """One hyperparameter."""
        return self.params[name]

    def report(self, step: int, value: float) -> None:
        """Say how it goes, such as the validation loss after each epoch.

        Args:
            step: counted from 1, rising.
            value: of the kind that the objective returns.

        Raises:
            TrialStopped: the pruning rule wants no more of it; let it pass.
            ArgumentError: a step that does not come after the one before.
        """
        last = max(self.reports, default=0)
        if step <= last:
            raise ArgumentError("step", required=f"a whole number above {last}", got=step)
        self.reports[step] = float(value)
        if self._judge is not None:
            self._judge.report(float(value), step)
            if self._judge.should_prune():
                raise TrialStopped


@dataclass(frozen=True)
class Task:
    """A trial to be run, here or in another process.

    Attributes:
        objective: called with a `Trial`, returns its value.
        number: of the trial.
        params: its hyperparameters.
        past: what the pruning rule holds it against.
        pruning: the rule, if there is one.
    """

    objective: Callable[[Trial], float]
    number: int
    params: Mapping[str, Any]
    past: Past
    pruning: Pruning | None = None


def run_trial(task: Task) -> TrialRecord:
    """Run a trial to its end, whichever it is."""
    began = time.perf_counter()
    judge = None
    if task.pruning is not None:
        judge = task.past.study(task.number, pruner=task.pruning.pruner()).ask()
    trial = Trial(task.number, task.params, task.past.seed_of(task.number), judge)
    ended: Literal["complete", "stopped", "failed"] = "complete"
    try:
        value = float(task.objective(trial))
    except TrialStopped:
        value, ended = list(trial.reports.values())[-1], "stopped"
    except TrainingError:
        value = math.nan
    if not math.isfinite(value):
        value, ended = (-math.inf if task.past.maximise else math.inf), "failed"
    return TrialRecord(
        number=task.number,
        params=task.params,
        value=value,
        ended=ended,
        reports=trial.reports,
        rungs={} if judge is None else _rungs(judge, task.number),
        seconds=time.perf_counter() - began,
    )


def _rungs(judge: Any, number: int) -> dict[str, float]:
    """What the pruner noted on the trial."""
    return dict(judge.study.get_trials(deepcopy=False)[number].system_attrs)
