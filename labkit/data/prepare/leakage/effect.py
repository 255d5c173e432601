"""What a leak does to a test score, where the honest score is known to be chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit.data.prepare.splits import Split, grouped_split, stratified_split, time_split
from labkit.data.prepare.tables.imbalance import oversample

__all__ = ["LeakEffect", "leak_effects"]


class LeakEffect(NamedTuple):
    """Test accuracy of the same model on the same rows, with a leak and without."""

    leak: str
    honest: float
    leaky: float


def leak_effects(inputs: NDArray[np.floating], *, seed: int = 0) -> tuple[LeakEffect, ...]:
    """Four leaks, each with labels that are the toss of a coin: nothing can be learned.

    Whatever accuracy above one half a model shows was leaked to it.

    Args:
        inputs: ``[n, f]`` real features, at least 100 rows; their true labels are not used.
        seed: of the coins and the splits.

    Example:
        >>> effects = leak_effects(np.random.default_rng(0).normal(size=(300, 10)))
        >>> [effect.leak for effect in effects]
        ['selection', 'oversampling', 'groups', 'time']
    """
    generator = np.random.default_rng(seed)
    rows = StandardScaler().fit_transform(inputs)
    return (
        _selection(min(len(rows), 300), generator),
        _oversampling(rows, generator),
        _groups(rows, generator),
        _time(len(rows), generator),
    )


def _accuracy(model: object, x: np.ndarray, y: np.ndarray, split: Split) -> float:
    return model.fit(x[split.train], y[split.train]).score(x[split.test], y[split.test])  # type: ignore[attr-defined]


def _selection(n: int, generator: np.random.Generator) -> LeakEffect:
    """The 40 of 4,000 features that go best with the label, chosen on all rows or on train."""
    noise, coin = generator.normal(size=(n, 4000)), generator.integers(0, 2, n)
    split = stratified_split(coin, test=0.3)
    best = SelectKBest(k=40).fit_transform(noise, coin)
    honest = make_pipeline(SelectKBest(k=40), LogisticRegression())
    return LeakEffect(
        "selection",
        _accuracy(honest, noise, coin, split),
        _accuracy(LogisticRegression(), best, coin, split),
    )


def _oversampling(rows: np.ndarray, generator: np.random.Generator) -> LeakEffect:
    """One row in four is "rare"; such rows are repeated before the split, or after, in train."""
    coin = (generator.random(len(rows)) < 0.25).astype(int)
    more = oversample(coin)
    leaky = _accuracy(
        KNeighborsClassifier(1), rows[more], coin[more], stratified_split(coin[more], test=0.3)
    )
    train, test = train_test_split(np.arange(len(rows)), test_size=0.3, random_state=0)
    balanced = test[_balanced(coin[test])]
    again = train[oversample(coin[train])]
    honest = KNeighborsClassifier(1).fit(rows[again], coin[again])
    return LeakEffect("oversampling", honest.score(rows[balanced], coin[balanced]), leaky)


def _groups(rows: np.ndarray, generator: np.random.Generator) -> LeakEffect:
    """Four visits of each patient, alike but for a little noise; split by visit or patient."""
    patient = np.repeat(np.arange(len(rows)), 4)
    visits = rows[patient] + generator.normal(0, 0.1, (len(patient), rows.shape[1]))
    coin = generator.integers(0, 2, len(rows))[patient]
    model = KNeighborsClassifier(3)
    honest = _accuracy(model, visits, coin, grouped_split(patient, test=0.3))
    return LeakEffect(
        "groups", honest, _accuracy(model, visits, coin, stratified_split(coin, test=0.3))
    )


def _time(n: int, generator: np.random.Generator) -> LeakEffect:
    """A state that changes slowly, told from the hour alone; split by chance or by time."""
    hours = np.arange(4 * n)
    flips = np.cumsum(generator.random(len(hours)) < 0.1)
    state = generator.integers(0, 2, len(hours))[flips]
    model, x = KNeighborsClassifier(3), hours[:, None].astype(float)
    honest = _accuracy(model, x, state, time_split(hours, test=0.3))
    return LeakEffect("time", honest, _accuracy(model, x, state, stratified_split(state, test=0.3)))


def _balanced(labels: np.ndarray) -> NDArray[np.intp]:
    """Rows of a test set with as many of each class, none repeated."""
    least = int(np.bincount(labels).min())
    return np.concatenate([np.flatnonzero(labels == k)[:least] for k in (0, 1)])
