"""A search in an SQLite file, in Optuna's own tables: `optuna.load_study` reads it too.

Only trials that are over are written, each in one transaction. A search that is killed leaves
no half trial behind; what it was at is simply not there, and is run again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labkit.errors import CheckpointError
from labkit.tune.past import frozen, quiet_optuna
from labkit.tune.records import TrialRecord
from labkit.tune.space import Space

__all__ = ["StudyFile"]

_KEY = "labkit"


class StudyFile:
    """One search in one file.

    Args:
        path: of the SQLite file; made if it is not there.
        space: what is searched.
        identity: what must be equal for a search to be the continuation of another.
        maximise: whether larger values are better.
        resume: whether to go on where the file holds trials already.

    Raises:
        CheckpointError: the file cannot be read or written, or holds another search.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        space: Space,
        identity: Mapping[str, Any],
        maximise: bool,
        resume: bool,
    ) -> None:
        self.path, self._space = Path(path).expanduser().absolute(), space
        optuna = quiet_optuna()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._storage = optuna.storages.RDBStorage(f"sqlite:///{self.path}")
        except Exception as error:  # sqlalchemy's and optuna's own, and the system's
            raise CheckpointError(
                f"{self.path} cannot be used as the file of a search: {_first_line(error)}. "
                "Give a path whose folder can be written, and no file of another kind."
            ) from error
        try:
            self._study = optuna.create_study(
                study_name="search",
                storage=self._storage,
                direction="maximize" if maximise else "minimize",
                load_if_exists=True,
            )
            self._check(json.loads(json.dumps(identity)), resume)
        except BaseException:
            self.close()
            raise

    def _check(self, ours: Mapping[str, Any], resume: bool) -> None:
        stored = self._study.user_attrs.get(_KEY)
        if stored is None:
            self._study.set_user_attr(_KEY, ours)
            return
        different = [name for name in ours if stored.get(name) != ours[name]]
        if different:
            raise CheckpointError(
                f"{self.path} holds another search: its {', '.join(different)} differs from this "
                "one's. Give another store."
            )
        if not resume and self._study.trials:
            raise CheckpointError(
                f"{self.path} holds {len(self._study.trials)} trials already. Pass resume=True to "
                "go on from them, or give another store."
            )

    def records(self) -> list[TrialRecord]:
        """The trials that are in the file."""
        return [_record(trial) for trial in self._study.get_trials(deepcopy=False)]

    def add(self, record: TrialRecord) -> None:
        """Write a finished trial.

        Raises:
            CheckpointError: the disk is full, or the file cannot be written.
        """
        about = {"number": record.number, "ended": record.ended, "seconds": record.seconds}
        try:
            self._study.add_trial(frozen(record, self._space, **{_KEY: about}))
        except Exception as error:
            raise CheckpointError(
                f"Trial {record.number} could not be written to {self.path}: {_first_line(error)}. "
                "The trials before it are there: make room, then resume."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()


def _record(trial: Any) -> TrialRecord:
    about = trial.user_attrs[_KEY]
    return TrialRecord(
        number=about["number"],
        params=dict(trial.params),
        value=trial.value,
        ended=about["ended"],
        reports=dict(trial.intermediate_values),
        rungs=dict(trial.system_attrs),
        seconds=about["seconds"],
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
