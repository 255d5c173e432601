"""The finished trials as Optuna's samplers and pruners wish to see them.

Nothing is kept between two questions: a sampler is made anew from the seed and the number of the
trial, and sees the trials before it. So a proposal, and the decision to stop, depend on numbers
alone, and a search that was killed goes on as if it had not been.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.tune.records import TrialRecord
from labkit.tune.space import Space

__all__ = ["Past", "frozen", "quiet_optuna"]


@dataclass(frozen=True)
class Past:
    """What a new trial may learn from.

    Attributes:
        space: what is searched.
        records: finished trials, with numbers below that of the first new one.
        maximise: whether larger values are better.
        seed: of the whole search.
    """

    space: Space
    records: tuple[TrialRecord, ...]
    maximise: bool
    seed: int

    def seed_of(self, number: int) -> int:
        """A seed for one trial, below 2**32."""
        return int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])

    def study(self, number: int, *, sampler: Any = None, pruner: Any = None) -> Any:
        """A study in memory in which the next trial has this number."""
        optuna = quiet_optuna()
        study = optuna.create_study(
            study_name="search",  # Hyperband draws a trial's bracket from name and number
            sampler=sampler or optuna.samplers.RandomSampler(seed=0),
            pruner=pruner or optuna.pruners.NopPruner(),
            direction="maximize" if self.maximise else "minimize",
        )
        known = {record.number: record for record in self.records}
        empty = optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL)
        study.add_trials(
            [frozen(known[n], self.space) if n in known else empty for n in range(number)]
        )
        return study


def frozen(record: TrialRecord, space: Space, **attributes: Any) -> Any:
    """A finished trial in Optuna's form; a failed one counts as complete and infinitely bad."""
    optuna = quiet_optuna()
    states = optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=states.PRUNED if record.ended == "stopped" else states.COMPLETE,
        value=record.value,
        params=dict(record.params),
        distributions={name: side.distribution() for name, side in space.items()},
        intermediate_values=dict(record.reports),
        system_attrs=dict(record.rungs),
        user_attrs=attributes,
    )


def quiet_optuna() -> Any:
    """Optuna, loaded when it is first needed, without its line for every trial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own dependencies
        import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
