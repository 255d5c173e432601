"""What a headline is about, by words that stand in it: a rule that one can read, and get wrong."""

from __future__ import annotations

import functools
import re
import shlex
import tomllib
from importlib import resources

from labkit.data.prepare.text import normalise

__all__ = ["OTHER", "topic_of", "topics"]

#: The topic of a headline that no word tells.
OTHER = "other"


def topics() -> tuple[str, ...]:
    """The topics, in the order in which they are looked for; `OTHER` last.

    Example:
        >>> topics()
        ('analysts', 'earnings', 'deals', 'energy', 'economy', 'markets', 'other')
    """
    return (*_patterns(), OTHER)


def topic_of(text: str) -> str:
    """The first topic with a word of the text.

    Example:
        >>> topic_of("Barclays upgrades Shell"), topic_of("Oil slips"), topic_of("Hello")
        ('analysts', 'energy', 'other')
    """
    plain = normalise(text)
    found = (name for name, pattern in _patterns().items() if pattern.search(plain))
    return next(found, OTHER)


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    facts = resources.files(__package__).joinpath("topics.toml").read_text("utf-8")
    lists = tomllib.loads(facts)["topics"]
    return {name: _pattern(shlex.split(words)) for name, words in lists.items()}


def _pattern(words: list[str]) -> re.Pattern[str]:
    """Any of these words, whole; one that ends in * stands for its beginning."""
    parts = [re.escape(word.removesuffix("*")) + r"\w*" * word.endswith("*") for word in words]
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")
