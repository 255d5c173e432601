"""Mutation law: every exercise refuses its planted misconceptions and accepts what is right."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from labkit import teach
from labkit.errors import ArgumentError

ANSWERS = Path(__file__).parent / "answers"
TASKS = {task.name: task for task in teach.all_exercises()}
PLANTED = {
    kind: {
        name: answers
        for file in sorted(ANSWERS.glob("*.py"))
        for name, answers in runpy.run_path(str(file))[kind].items()
    }
    for kind in ("WRONG", "RIGHT")
}


def every(kind: str) -> list:
    return [
        pytest.param(name, answer, id=f"{name}-{i}")
        for name, answers in PLANTED[kind].items()
        for i, answer in enumerate(answers)
    ]


@pytest.mark.parametrize(("name", "answer"), every("WRONG"))
def test_a_planted_wrong_answer_is_refused_with_a_sentence(name, answer):
    verdict = TASKS[name].check(answer)
    assert verdict.right is False
    assert len(verdict.message) > 20


@pytest.mark.parametrize(("name", "answer"), every("RIGHT"))
def test_a_right_answer_is_accepted(name, answer):
    verdict = TASKS[name].check(answer)
    assert verdict.right is True, verdict


@pytest.mark.parametrize("name", TASKS)
def test_every_exercise_is_whole(name):
    task = TASKS[name]
    assert len(PLANTED["WRONG"].get(name, ())) >= 5, f"plant wrong answers in {ANSWERS}"
    assert len(PLANTED["RIGHT"].get(name, ())) >= 2, f"plant right answers in {ANSWERS}"
    assert task.prompt
    assert task.hints
    assert task.solution
    assert task.check(None).right is None
    assert task.hint(len(task.hints)).message == task.hints[-1]
    with pytest.raises(ArgumentError, match="step must be from 1"):
        task.hint(len(task.hints) + 1)
    assert "<details><summary>Solution</summary>" in task._repr_markdown_()


def test_names_are_unique_and_no_planted_answer_is_orphaned():
    assert len(TASKS) == len(teach.all_exercises())
    assert set(PLANTED["WRONG"]) == set(PLANTED["RIGHT"]) == set(TASKS)


def test_an_unknown_exercise_names_the_known_ones():
    with pytest.raises(ArgumentError, match=r"start_here\.ridge_point"):
        teach.exercise("start_here.rigde_point")
    with pytest.raises(ArgumentError, match="start_here"):
        teach.exercise("nowhere.at_all")


def test_a_checker_that_crashes_counts_as_wrong_and_says_so():
    verdict = teach.Exercise("t.x", "?", lambda answer: 1 / 0, ("h",), "0").check(3)
    assert verdict.right is False
    assert "ZeroDivisionError" in str(verdict)
