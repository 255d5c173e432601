"""The page of figures against peers: every goal is on it, and what is missed has a cause."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.website.peers import Figure, causes, causes_list, floors_table, goals, peers_table


def test_every_missed_goal_has_one_cause_and_every_cause_a_goal() -> None:
    figures, texts = goals(), causes()
    for figure in figures:
        told = [pattern for pattern in texts if re.search(pattern, figure.key)]
        assert figure.met or len(told) == 1, f"{figure.key}: {told or 'no cause is given'}"
    for pattern in texts:
        assert any(re.search(pattern, figure.key) for figure in figures), pattern


def test_a_goal_is_listed_as_it_was_stored() -> None:
    row = {"name": "step", "peer": "Torch", "ratio": 0.51, "goal": 1, "better": "higher"}
    figures = [Figure("train", {**row, "met": False}), Figure("train", {**row, "met": True})]
    assert peers_table(figures[:1]).endswith("| step | Torch | 0.51 | ≥ 1 | no |")
    told = causes_list(figures, {"^train": "Memory.", "^other": "Nothing."})
    assert told == "- **step.** Memory."


def test_the_floor_is_operations_over_the_best_product(tmp_path: Path) -> None:
    best = {"rows": [{"detail": {"a_gflops": 100.0, "b_gflops": 200.0, "ms": 900.0}}]}
    (tmp_path / "matmul-epyc-2cores.json").write_text(json.dumps(best))
    listed = tmp_path / "causes.toml"
    listed.write_text('[[floor]]\nrow = "train: step / best"\ngflop = 2.0\n')
    row = {"name": "step", "peer": "best (Torch)", "ratio": 1.0, "goal": 1.5, "better": "higher"}
    figure = Figure("train", {**row, "detail": {"labkit_ms": 30.0, "peer_ms": 30.0}})
    table = floors_table([figure], listed, tmp_path)
    assert table.endswith("| step | best (Torch) | 2 | 10.0 ms | 20.0 ms | 30.0 ms |")
    assert floors_table([], listed, tmp_path).count("\n") == 1


@pytest.mark.parametrize("name", ["peers_table", "floors_table", "causes_list"])
def test_the_page_shows_all_three(name: str) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "peers.md"
    assert f"{{{{ {name} }}}}" in page.read_text(encoding="utf-8")
