"""How good the reader's predictions are: each is scored once, before its result was seen.

A prediction may be a number, a word, an interval ``(low, high)`` that holds the result in nine
cases of ten, or a probability for each word. The scores are kept in one file of the reader's own
and sent nowhere.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import statistics
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["INTERVAL_SHARE", "Score", "ScoreCard", "forget", "score"]

#: What an interval is to hold: the share of results that fall into it.
INTERVAL_SHARE = 0.9


@dataclass(frozen=True)
class Score:
    """One prediction against its result.

    Attributes:
        notebook: where it was made.
        question: what tells it from the notebook's other predictions.
        kind: what was predicted.
        right: a number within a factor of two, an interval that holds the result, the word
            (of probabilities: the likeliest).
        factor: of a number, by what it is off, at least 1; else ``None``.
        stated: how sure the reader was, as a probability; ``None`` if not said.
        brier: of probabilities, the sum of their squared errors, 0 to 2; else ``None``.
    """

    notebook: str
    question: str
    kind: Literal["number", "word", "interval", "probabilities"]
    right: bool
    factor: float | None = None
    stated: float | None = None
    brier: float | None = None


@dataclass(frozen=True)
class ScoreCard:
    """The predictions of one notebook, or of all."""

    scores: tuple[Score, ...]

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(score.right for score in self.scores)

    @property
    def typical_factor(self) -> float | None:
        """Geometric mean of the factors by which numbers were off; ``None`` without numbers."""
        factors = [score.factor for score in self.scores if score.factor is not None]
        return statistics.geometric_mean(factors) if factors else None

    @property
    def calibration(self) -> tuple[float, float] | None:
        """Mean probability stated, and share that came true; ``None`` where none was stated.

        They are equal for a reader who knows what they do not know; a larger first number is
        overconfidence.
        """
        sure = [score for score in self.scores if score.stated is not None]
        if not sure:
            return None
        stated = statistics.fmean(score.stated or 0.0 for score in sure)
        return stated, statistics.fmean(score.right for score in sure)

    @property
    def brier(self) -> float | None:
        """Mean Brier score of the predictions that were probabilities: 0 is perfect."""
        scores = [score.brier for score in self.scores if score.brier is not None]
        return statistics.fmean(scores) if scores else None

    def __str__(self) -> str:
        if not self.scores:
            return "No prediction yet: set a guess above and run its cell."
        lines = [f"{self.right} of {len(self.scores)} predictions right."]
        if self.typical_factor is not None:
            lines.append(f"Numbers are off by a factor of {self.typical_factor:.3g} typically.")
        if self.calibration is not None:
            stated, came = self.calibration
            lines.append(f"You were {stated:.0%} sure and right in {came:.0%}: {_verdict(self)}.")
        if self.brier is not None:
            lines.append(f"Brier score of your probabilities: {self.brier:.3g} (0 is perfect).")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self)}


def score(*, notebook: str | None = None, everywhere: bool = False) -> ScoreCard:
    """The reader's predictions so far, scored.

    Args:
        notebook: whose predictions; this one's by default.
        everywhere: those of all notebooks.

    Example:
        >>> print(score(notebook="one where nothing was predicted"))
        No prediction yet: set a guess above and run its cell.
    """
    wanted = notebook or this_notebook()
    return ScoreCard(tuple(s for s in _read() if everywhere or s.notebook == wanted))


def forget(*, everywhere: bool = False) -> None:
    """Delete this notebook's scores, or all of them, to begin anew."""
    _write([] if everywhere else [s for s in _read() if s.notebook != this_notebook()])


def keep_first(new: Score) -> bool:
    """Keep a score unless that question was answered before; whether this was the first.

    Where the file cannot be written nothing is kept: a lesson goes on without its score.
    """
    found = _read()
    if any((s.notebook, s.question) == (new.notebook, new.question) for s in found):
        return False
    with contextlib.suppress(OSError):
        _write([*found, new])
    return True


def judge(guess: Any, measured: Any, *, question: str) -> Score:
    """Score a prediction; see the module for its kinds."""
    about: Any = {"notebook": this_notebook(), "question": question}
    match guess:
        case str():
            return Score(**about, kind="word", right=guess == measured)
        case Mapping():
            likeliest = max(guess, key=lambda word: guess[word])
            words = {*guess, measured}
            brier = sum((guess.get(w, 0.0) - (w == measured)) ** 2 for w in words)
            right, sure = likeliest == measured, float(guess[likeliest])
            return Score(
                **about, kind="probabilities", right=right, stated=sure, brier=float(brier)
            )
        case (low, high):
            holds = bool(low <= measured <= high)
            return Score(**about, kind="interval", right=holds, stated=INTERVAL_SHARE)
    factor = _factor(float(guess), float(measured))
    return Score(**about, kind="number", right=factor <= 2.0, factor=factor)


def this_notebook() -> str:
    """The notebook's name where Jupyter tells it, else "notebook"."""
    return Path(os.environ.get("JPY_SESSION_NAME", "notebook")).stem


def _factor(guess: float, measured: float) -> float:
    if guess == measured:
        return 1.0
    if guess * measured <= 0:
        return 1e3  # no factor leads across zero: as bad as a factor of a thousand
    return min(max(guess / measured, measured / guess), 1e3)


def _verdict(card: ScoreCard) -> str:
    """Whether the share right is what was stated, within two standard errors."""
    stated, came = card.calibration or (0.0, 0.0)
    count = sum(score.stated is not None for score in card.scores)
    chance = 2 * math.sqrt(max(stated * (1 - stated), 0.01) / count)
    if abs(stated - came) <= chance:
        return "well calibrated, as far as so few can tell"
    return "overconfident" if stated > came else "underconfident"


def _file() -> Path:
    import platformdirs

    given = os.environ.get("LABKIT_PREDICTIONS")
    return Path(given) if given else Path(platformdirs.user_data_dir("labkit")) / "predictions.json"


def _read() -> list[Score]:
    try:
        return [Score(**kept) for kept in json.loads(_file().read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _write(scores: Iterable[Score]) -> None:
    """All of the file or none of it, whenever the kernel is killed."""
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(one) for one in scores], indent=1)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as half:
        half.write(text)
    Path(half.name).replace(path)
