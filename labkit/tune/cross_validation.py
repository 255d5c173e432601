"""Cross-validation, plain and nested: score on rows that neither fitting nor choosing has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.errors import ArgumentError
from labkit.evaluate import Estimate, mean_interval
from labkit.tune.folds import Fold

__all__ = [
    "CrossValidation",
    "NestedCrossValidation",
    "cross_validate",
    "nested_cross_validate",
]

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class CrossValidation:
    """The scores of all folds.

    Attributes:
        scores: ``[J]`` one for each fold, in their order.
        test_share: share of the rows that a fold tests on.
    """

    scores: NDArray[np.float64]
    test_share: float

    @property
    def mean(self) -> float:
        """Over the folds."""
        return float(self.scores.mean())

    def interval(self, confidence: float = 0.95) -> Estimate:
        """The corrected resampled t interval of the mean; see `labkit.evaluate.mean_interval`."""
        return mean_interval(self.scores, test_share=self.test_share, confidence=confidence)

    def __str__(self) -> str:
        mean, low, high = self.interval()
        return f"{mean:.3g} ({low:.3g} to {high:.3g}, 95 %, {len(self.scores)} folds)"


def cross_validate(
    score: Callable[[Rows, Rows], float],
    folds: Sequence[Fold],
    *,
    executor: Executor | None = None,
) -> CrossValidation:
    """Fit on the training rows of each fold, score on its test rows.

    Args:
        score: ``score(train_rows, test_rows)`` fits anew, preparation of the data included, and
            returns a number.
        folds: from `plain_folds`, `stratified_folds` or `grouped_folds`.
        executor: scores folds side by side, as in `search`.

    Raises:
        ArgumentError: fewer than two folds.

    Example:
        >>> from labkit.tune import plain_folds
        >>> y = np.arange(10.0)
        >>> miss = lambda train, test: abs(y[train].mean() - y[test]).mean()
        >>> round(cross_validate(miss, plain_folds(10, 5)).mean, 2)
        2.5
    """
    if len(folds) < 2:
        raise ArgumentError("folds", required="at least two folds", got=len(folds))
    scores = _mapped(partial(_score_fold, score), folds, executor)
    return CrossValidation(np.array(scores, dtype=float), _test_share(folds))


@dataclass(frozen=True)
class NestedCrossValidation(CrossValidation):
    """The scores of the outer folds, each by the candidate that its inner folds chose.

    Attributes:
        chosen: the candidate that each outer fold chose.
        inner_scores: the mean inner score by which it was chosen: the best of several, hence too
            good on average.
    """

    chosen: tuple[Mapping[str, Any], ...]
    inner_scores: NDArray[np.float64]

    @property
    def optimism(self) -> float:
        """By how much the score of the chosen candidate fell when it met new rows."""
        return float(self.inner_scores.mean() - self.scores.mean())


def nested_cross_validate(
    score: Callable[[Mapping[str, Any], Rows, Rows], float],
    candidates: Sequence[Mapping[str, Any]],
    *,
    outer: Sequence[Fold],
    inner: Callable[[Rows], Sequence[Fold]],
    maximise: bool = True,
    executor: Executor | None = None,
) -> NestedCrossValidation:
    """Choose within each outer training set, score the choice on the outer test rows.

    Args:
        score: ``score(candidate, train_rows, test_rows)`` fits anew and returns a number.
        candidates: hyperparameters to choose among.
        outer: folds to report on.
        inner: from the rows of an outer training set to folds of them, counted from 0 within
            these rows: ``lambda rows: stratified_folds(y[rows], 3)``.
        maximise: whether larger scores are better.
        executor: runs outer folds side by side, as in `search`.

    Raises:
        ArgumentError: no candidates, or fewer than two outer folds.

    Source: Cawley and Talbot 2010, "On Over-fitting in Model Selection and Subsequent Selection
        Bias in Performance Evaluation" (JMLR 11), section 5.
    """
    if not candidates or len(outer) < 2:
        raise ArgumentError(
            "candidates, outer",
            required="at least one candidate and two outer folds",
            got=(len(candidates), len(outer)),
        )
    work = partial(_outer_fold, score, tuple(candidates), inner, maximise)
    rows = _mapped(work, outer, executor)
    return NestedCrossValidation(
        np.array([result[0] for result in rows], dtype=float),
        _test_share(outer),
        chosen=tuple(candidates[result[1]] for result in rows),
        inner_scores=np.array([result[2] for result in rows], dtype=float),
    )


def _outer_fold(
    score: Callable[[Mapping[str, Any], Rows, Rows], float],
    candidates: Sequence[Mapping[str, Any]],
    inner: Callable[[Rows], Sequence[Fold]],
    maximise: bool,
    fold: Fold,
) -> tuple[float, int, float]:
    """The outer score, which candidate was chosen, and by which inner score."""
    inside = [Fold(fold.train[part.train], fold.train[part.test]) for part in inner(fold.train)]
    means = [np.mean([score(candidate, *part) for part in inside]) for candidate in candidates]
    best = int(np.argmax(means) if maximise else np.argmin(means))
    return float(score(candidates[best], *fold)), best, float(means[best])


def _score_fold(score: Callable[[Rows, Rows], float], fold: Fold) -> float:
    return float(score(fold.train, fold.test))


def _mapped(work: Callable[[Fold], Any], folds: Sequence[Fold], executor: Executor | None) -> list:
    return list(map(work, folds) if executor is None else executor.map(work, folds))


def _test_share(folds: Sequence[Fold]) -> float:
    tested = np.mean([len(fold.test) / (len(fold.test) + len(fold.train)) for fold in folds])
    return float(tested)
