"""Exercises that judge the answer in place, give hints in steps, and fold their solution."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labkit.errors import ArgumentError

__all__ = ["Exercise", "Verdict", "all_exercises", "exercise"]


@dataclass(frozen=True)
class Verdict:
    """What a checker says of an answer; true if the answer is right."""

    right: bool | None
    message: str

    def __bool__(self) -> bool:
        return bool(self.right)

    def __str__(self) -> str:
        return {True: "Right. ", False: "Not yet. ", None: ""}[self.right] + self.message

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self)}


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        name: ``topic.name``; the topic is the module it lives in.
        prompt: the task, in Markdown.
        judge: takes the answer; returns ``""`` if it is right, else one sentence that says
            what is wrong with it (never the answer). It may raise on a senseless answer:
            that counts as wrong. It tests properties, not text.
        hints: from a nudge to nearly everything; at least one.
        solution: a right answer as Python, or in words.
        praise: one sentence said of a right answer: why it matters.
    """

    name: str
    prompt: str
    judge: Callable[[Any], str] = field(repr=False)
    hints: tuple[str, ...] = field(repr=False)
    solution: str = field(repr=False)
    praise: str = field(default="", repr=False)

    def check(self, answer: object) -> Verdict:
        """Judge an answer; ``None`` is the placeholder of one not yet given. Never raises."""
        if answer is None or answer is ...:
            return Verdict(None, f"{self.name}: not answered yet.")
        try:
            complaint = self.judge(answer)
        except Exception as error:  # the reader's answer may be anything at all
            complaint = f"Your answer could not be judged: {type(error).__name__}: {error}"
        if complaint:
            return Verdict(False, f"{complaint} A hint: .hint()")
        return Verdict(True, self.praise)

    def hint(self, step: int = 1) -> Verdict:
        """The hint of that step, from 1 on.

        Raises:
            ArgumentError: there is no such step.
        """
        if not 1 <= step <= len(self.hints):
            raise ArgumentError("step", required=f"from 1 to {len(self.hints)}", got=step)
        more = f" (Then: hint({step + 1}))" if step < len(self.hints) else ""
        return Verdict(None, self.hints[step - 1] + more)

    def _repr_markdown_(self) -> str:
        folded = [
            _folded(f"Hint {number}", hint) for number, hint in enumerate(self.hints, start=1)
        ]
        folded.append(_folded("Solution", f"```python\n{self.solution.strip()}\n```"))
        return "\n\n".join([f"**Exercise `{self.name}`.** {self.prompt.strip()}", *folded])


def exercise(name: str) -> Exercise:
    """Fetch an exercise by ``topic.name``; display it, then ``.check(answer)``.

    Raises:
        ArgumentError: there is no such exercise.

    Example:
        >>> task = exercise("start_here.ridge_point")
        >>> print(task.check(None))
        start_here.ridge_point: not answered yet.
    """
    by_name = {task.name: task for task in _topic(name.partition(".")[0])}
    if name not in by_name:
        known = ", ".join(by_name) or ", ".join(_topics())
        raise ArgumentError("name", required=f"one of {known}", got=name)
    return by_name[name]


def all_exercises() -> tuple[Exercise, ...]:
    """Every exercise of every topic."""
    return tuple(task for topic in _topics() for task in _topic(topic))


def _topics() -> list[str]:
    package = importlib.import_module("labkit.teach.exercises")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def _topic(topic: str) -> tuple[Exercise, ...]:
    if topic not in _topics():
        return ()
    return importlib.import_module(f"labkit.teach.exercises.{topic}").EXERCISES


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"
