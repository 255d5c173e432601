"""Case 22, customer service: what a customer wants, and whether this desk knows it at all.

``prepare`` divides banking77; `labkit.cases.readers` holds four ways to tell intents apart; ``FAQ``
finds known questions; ``Desk`` answers, and ``AnswerServer`` computes for it.
"""

from __future__ import annotations

from labkit.cases.service.answers import AnswerServer
from labkit.cases.service.desk import FAQ, LONGEST, Desk, Reply
from labkit.cases.service.questions import Bank, prepare

__all__ = [
    "FAQ",
    "LONGEST",
    "AnswerServer",
    "Bank",
    "Desk",
    "Reply",
    "prepare",
]
