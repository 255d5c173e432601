"""Which hyperparameters mattered."""

from __future__ import annotations

from labkit.errors import TrainingError
from labkit.tune.past import frozen, quiet_optuna
from labkit.tune.records import SearchResult

__all__ = ["importances"]

_FEWEST = 8


def importances(result: SearchResult, *, seed: int = 0) -> dict[str, float]:
    """The share of the variance of the values that each hyperparameter explains alone.

    A forest is fitted to the complete trials; the shares are read from it and add up to 1, the
    largest first. They speak of the space that was searched: a rate in a narrow range matters
    little.

    Source: Hutter et al. 2014, "An Efficient Approach for Assessing Hyperparameter Importance",
        as implemented by `optuna.importance.FanovaImportanceEvaluator`.

    Raises:
        TrainingError: fewer than 8 complete trials.

    Example:
        >>> from labkit.tune import Real, search
        >>> space = {"matters": Real(0, 1), "hardly": Real(0, 1)}
        >>> shape = lambda trial: trial["matters"] + 0.01 * trial["hardly"]
        >>> list(importances(search(shape, space, trials=20)))
        ['matters', 'hardly']
    """
    complete = [trial for trial in result.trials if trial.ended == "complete"]
    if len(complete) < _FEWEST:
        raise TrainingError(
            f"Importances need at least {_FEWEST} complete trials; there are {len(complete)}. "
            "Search on."
        )
    optuna = quiet_optuna()
    study = optuna.create_study(direction="maximize" if result.maximise else "minimize")
    study.add_trials([frozen(trial, result.space) for trial in complete])
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))
