"""Planted dirt is counted as planted; leaks lift coin tosses; stages are bounded by bytes."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from labkit.data.prepare import leakage, stages, tables
from labkit.errors import ArgumentError

WINE = load_wine(as_frame=True)


@pytest.mark.parametrize("seed", range(3))
def test_what_was_planted_is_what_is_found(seed):
    dirty = tables.soil(WINE.data, WINE.target, seed=seed)
    cells = dirty.table.iloc[: len(WINE.data)]
    assert (cells == "?").to_numpy().sum() == dirty.unknown_cells > 0
    assert cells.map(lambda word: word.startswith("-")).to_numpy().sum() == dirty.impossible_cells
    assert dirty.table.duplicated().sum() == dirty.repeated_rows > 0
    wrong = np.flatnonzero(cells["target"].astype(int) != WINE.target)
    np.testing.assert_array_equal(wrong, dirty.wrong_labels)
    back = tables.mark_missing(cells)
    untouched = back.notna() & (back >= 0)
    pd.testing.assert_frame_equal(
        back.iloc[:, :-1].where(untouched), WINE.data.where(untouched.iloc[:, :-1])
    )


@pytest.mark.parametrize("seed", range(2))
def test_leaks_lift_the_score_of_coin_tosses_and_honest_work_does_not(seed):
    effects = leakage.leak_effects(WINE.data.to_numpy(), seed=seed)
    honest = np.mean([effect.honest for effect in effects])
    assert 0.35 < honest < 0.65  # four small test sets, each 0.5 give or take 0.1
    assert all(effect.leaky > 0.65 for effect in effects)
    assert np.mean([effect.leaky for effect in effects]) > 0.8


def test_a_stage_counts_its_bytes_and_operations():
    x = jnp.ones((256, 256))
    moved = 3 * 256 * 256 * 4
    memory = stages.time_stage("add", jnp.add, x, x, items=256, bandwidth=1e9, budget_s=0.01)
    assert memory.moved_bytes == moved
    assert memory.predicted_s == pytest.approx(moved / 1e9)
    assert memory.items_per_s == pytest.approx(256 / memory.measured_s)
    slow = stages.time_stage(
        "product", jnp.matmul, x, x, items=256, bandwidth=1e9, peak_flops=1e9, budget_s=0.01
    )
    assert slow.predicted_s == pytest.approx(2 * 256**3 / 1e9)
    words = stages.time_stage(
        "upper", str.upper, "abc", items=1, bandwidth=1.0, compiled=False, budget_s=0.01
    )
    assert words.moved_bytes == 6
    with pytest.raises(ArgumentError, match="above 0"):
        stages.time_stage("none", jnp.add, x, x, items=1, bandwidth=0.0)
    with pytest.raises(ArgumentError, match=r"from 0 to 0\.5"):
        tables.soil(WINE.data, WINE.target, unknown=0.9)
