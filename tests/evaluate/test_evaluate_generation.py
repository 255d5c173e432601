from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from labkit.errors import ShapeError
from labkit.evaluate import classifier_score, diversity


def test_classifier_score_is_the_mean_divergence_by_scipy() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), size=50)
    expected = np.exp(np.mean([entropy(row, p.mean(0)) for row in p]))
    assert classifier_score(p) == pytest.approx(expected, rel=1e-9)


def test_classifier_score_counts_the_classes_that_occur() -> None:
    assert classifier_score(np.eye(10)[[0, 1, 2, 0, 1, 2]]) == pytest.approx(3)
    assert classifier_score(np.eye(10)[[4, 4, 4]]) == pytest.approx(1)


def test_diversity_by_a_double_loop() -> None:
    rng = np.random.default_rng(0)
    drawn, real = rng.normal(size=(7, 3, 3, 1)), rng.normal(size=(9, 3, 3, 1))

    def spread(x: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(x)) for j in range(i)]
        return float(np.mean([np.sqrt(((x[i] - x[j]) ** 2).sum()) for i, j in pairs]))

    assert diversity(drawn, real) == pytest.approx(spread(drawn) / spread(real))
    assert diversity(real, real) == pytest.approx(1.0)


def test_misuse_is_refused() -> None:
    with pytest.raises(ShapeError, match="add up to 1"):
        classifier_score(np.ones((3, 4)))
    with pytest.raises(ShapeError, match="at least two"):
        diversity(np.ones((1, 4)), np.ones((3, 4)))
