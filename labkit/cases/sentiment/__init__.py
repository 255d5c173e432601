"""Case 23, financial sentiment: is this news good or bad, and is bad news surging?

For teaching. Nothing here is advice to buy or to sell.
"""

from __future__ import annotations

from labkit.cases.sentiment.analyst import LONGEST, Analyst, Reading, known_words
from labkit.cases.sentiment.headlines import (
    SENTIMENTS,
    Divided,
    clean,
    divide,
    headlines,
    without_copies,
)
from labkit.cases.sentiment.recipe import (
    STRENGTHS,
    TextModel,
    TunedWords,
    train_encoder,
    train_scratch,
    tune_words,
)
from labkit.cases.sentiment.reports import synthetic_reports
from labkit.cases.sentiment.stream import (
    Alert,
    Event,
    Monitor,
    News,
    Surge,
    Watch,
    news_day,
    replay,
    watch,
)
from labkit.cases.sentiment.topics import OTHER, topic_of, topics

__all__ = [
    "LONGEST",
    "OTHER",
    "SENTIMENTS",
    "STRENGTHS",
    "Alert",
    "Analyst",
    "Divided",
    "Event",
    "Monitor",
    "News",
    "Reading",
    "Surge",
    "TextModel",
    "TunedWords",
    "Watch",
    "clean",
    "divide",
    "headlines",
    "known_words",
    "news_day",
    "replay",
    "synthetic_reports",
    "topic_of",
    "topics",
    "train_encoder",
    "train_scratch",
    "tune_words",
    "watch",
    "without_copies",
]
