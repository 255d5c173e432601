"""Leaks through fitting: a statistic, a selection or a feature that has seen the test set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from labkit.data.prepare.leakage.error import LeakageError

__all__ = ["check_causal", "check_fitted_on", "check_preparation"]

_VALUES = (np.ndarray, np.generic, float, int, str)


def check_fitted_on(fitted: Any, inputs: Any, targets: Any = None) -> None:
    """A fitted scikit-learn estimator or pipeline has learned from these rows and no others.

    It is cloned, fitted again on ``inputs`` alone, and everything it has learned is compared.
    What differs between two such fits (a step that draws at random) is not held against it.

    Args:
        fitted: the estimator as used, whatever it was fitted on.
        inputs: the training rows.
        targets: the training targets, where a step needs them.

    Raises:
        LeakageError: it has learned something else; the message names what.

    Example:
        >>> from sklearn.preprocessing import StandardScaler
        >>> everything = np.arange(10.0)[:, None]
        >>> check_fitted_on(StandardScaler().fit(everything[:5]), everything[:5])
        >>> check_fitted_on(StandardScaler().fit(everything), everything[:5])
        Traceback (most recent call last):
        ...
        labkit.data.prepare.leakage.error.LeakageError: StandardScaler was not fitted on these rows
        alone: what it has learned differs when it is (mean_, n_samples_seen_, scale_, var_). ...
    """
    once, twice = (clone(fitted).fit(inputs, targets) for _ in range(2))
    by_chance = set(_differences(once, twice))
    changed = [path for path in _differences(fitted, once) if path not in by_chance]
    if changed:
        raise LeakageError(
            f"{type(fitted).__name__} was not fitted on these rows alone: what it has learned "
            f"differs when it is ({', '.join(sorted(set(changed)))}). Fit it on train, inside the "
            "pipeline, and only transform the test set."
        )


def check_preparation(
    prepare: Callable[[Any, Any], tuple[Any, Any]], train: Any, test: Any
) -> None:
    """A function that prepares both sides lets no test row touch anything but itself.

    It is run with all test rows and with each half of them. The prepared training rows must
    be the same each time, and so must each prepared test row.

    Args:
        prepare: takes raw ``(train, test)``, gives both prepared; deterministic.
        train: raw training rows; anything that slices by row number.
        test: raw test rows, at least two.

    Raises:
        LeakageError: a prepared row changed.
    """
    half = len(test) // 2
    train_whole, test_whole = prepare(train, test)
    for part in (slice(None, half), slice(half, None)):
        train_part, test_part = prepare(train, _rows(test, part))
        if _unlike(train_whole, train_part):
            raise LeakageError(
                "The prepared training rows change with the test rows. Take every statistic "
                "from train alone."
            )
        if _unlike(_rows(test_whole, part), test_part):
            raise LeakageError(
                "A prepared test row changes with the other test rows, which a deployed model "
                "would not have. Use the statistics of train for the test rows too."
            )


def check_causal(
    features: Callable[[np.ndarray], np.ndarray], series: np.ndarray, *, cuts: int = 5
) -> None:
    """A feature of a series at one moment does not depend on what comes later.

    The features are computed again on the series cut off at several moments, and those
    before the cut must not change.

    Args:
        features: takes ``[t, ...]``, gives one row of features for each moment.
        series: ``[t, ...]`` in order of time.
        cuts: how many moments to try.

    Raises:
        LeakageError: they change.

    Example:
        >>> check_causal(np.cumsum, np.arange(20.0))
        >>> check_causal(lambda x: x - x.mean(), np.arange(20.0))
        Traceback (most recent call last):
        ...
        labkit.data.prepare.leakage.error.LeakageError: The feature at moment 0 changes when ...
    """
    whole = np.asarray(features(series))
    for cut in np.linspace(0, len(series), cuts + 2)[1:-1].astype(int):
        past = np.asarray(features(series[:cut]))
        moved = ~np.isclose(past, whole[:cut], equal_nan=True).reshape(cut, -1).all(axis=1)
        if moved.any():
            raise LeakageError(
                f"The feature at moment {int(np.argmax(moved))} changes when the series ends at "
                f"moment {cut}: it looks ahead. Use windows that end at the moment itself."
            )


def _rows(table: Any, part: slice) -> Any:
    return table.iloc[part] if hasattr(table, "iloc") else table[part]


def _unlike(first: Any, second: Any) -> bool:
    return next(_differences(_plain(first), _plain(second)), None) is not None


def _plain(value: Any) -> Any:
    """Tables and sparse matrices as arrays, everything else as it is."""
    for convert in ("to_numpy", "toarray"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    return value


def _differences(first: Any, second: Any, path: str = "it") -> Iterator[str]:
    """The names of what differs between two values, walking into estimators and containers."""
    first, second = _plain(first), _plain(second)
    if isinstance(first, BaseEstimator) and type(first) is type(second):
        first, second = vars(first), vars(second)
    if isinstance(first, dict) and isinstance(second, dict):
        if first.keys() != second.keys():
            yield path
        for key in filter(second.__contains__, first):
            yield from _differences(first[key], second[key], str(key))
    elif isinstance(first, list | tuple) and isinstance(second, list | tuple):
        if len(first) != len(second):
            yield path
        for one, other in zip(first, second, strict=False):
            yield from _differences(one, other, path)
    elif isinstance(first, _VALUES) and not _equal(np.asarray(first), np.asarray(second)):
        yield path


def _equal(first: np.ndarray, second: np.ndarray) -> bool:
    if first.shape != second.shape:
        return False
    if first.dtype.kind in "fc" and second.dtype.kind in "fc":
        return bool(np.allclose(first, second, rtol=1e-6, atol=1e-9, equal_nan=True))
    if first.dtype.hasobject:
        return all(
            one is other or one == other or (one != one and other != other)  # NaN
            for one, other in zip(first.ravel(), second.ravel(), strict=True)
        )
    return bool(np.array_equal(first, second))
