"""The frame of `benchmarks.cases`: resumed from its folder, one row a seed and one for the mean."""

from __future__ import annotations

import json

import pytest

from benchmarks._cases import Study, Trained, studies
from benchmarks.cases import record, rows, trained


def test_a_seed_is_trained_once_and_the_mean_is_held_to_the_goal(tmp_path):
    calls = []

    def train(seed, folder):
        calls.append((seed, folder.is_dir()))
        return Trained({"accuracy": 0.9 + seed / 100, "AUC": 0.5}, train_s=1.0)

    study = Study("toys", {"accuracy": 0.905, "AUC": None}, "by hand", train)
    for _ in range(2):
        results = {seed: trained("toy", study, seed, tmp_path) for seed in range(3)}
    assert calls == [(0, True), (1, True), (2, True)]
    found = rows("toy", study, results)
    assert [row.peer for row in found[:4]] == ["seed 0", "seed 1", "seed 2", "mean of 3 seeds"]
    mean = found[3]
    assert mean.ratio == pytest.approx(0.91)
    assert mean.met
    # Student's t with 2 degrees of freedom: 4.303 times 0.01 / sqrt(3).
    assert mean.detail["high"] - mean.ratio == pytest.approx(4.303 * 0.01 / 3**0.5, rel=1e-3)
    record(tmp_path / "all.json", "toy", found)
    record(tmp_path / "all.json", "other", rows("other", study, results))
    record(tmp_path / "all.json", "toy", found)
    stored = json.loads((tmp_path / "all.json").read_text())
    assert len(stored["rows"]) == 16
    assert (
        "| toy: accuracy | mean of 3 seeds | 0.91 | ≥ 0.905 | yes |"
        in (tmp_path / "all.md").read_text()
    )


def test_every_study_says_what_it_scores_and_how_it_was_chosen():
    for name, study in studies().items():
        assert study.data, name
        assert study.chosen, name
        assert study.goals, name
