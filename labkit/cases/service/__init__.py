"""Case 22, customer service: what a customer wants, and whether this desk knows it at all.

``prepare`` divides banking77; ``count_words``, ``probe``, ``read_from_scratch`` and ``fine_tune``
are four ways to tell intents apart; ``FAQ`` finds known questions; ``Desk`` answers, and
``AnswerServer`` computes for it.
"""

from __future__ import annotations

from labkit.cases.service.answers import AnswerServer
from labkit.cases.service.desk import FAQ, LONGEST, Desk, Reply
from labkit.cases.service.intents import (
    LENGTH,
    Answering,
    WordRows,
    answering,
    count_words,
    fine_tune,
    probe,
    read_from_scratch,
)
from labkit.cases.service.questions import Bank, Questions, prepare

__all__ = [
    "FAQ",
    "LENGTH",
    "LONGEST",
    "AnswerServer",
    "Answering",
    "Bank",
    "Desk",
    "Questions",
    "Reply",
    "WordRows",
    "answering",
    "count_words",
    "fine_tune",
    "prepare",
    "probe",
    "read_from_scratch",
]
