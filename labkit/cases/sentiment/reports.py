"""Sentences in the style of company reports, generated from patterns: synthetic, and called so.

No company said them. They stand for the Financial PhraseBank, whose licence does not let it travel,
where a model trained on tweets is to meet another kind of text.
"""

from __future__ import annotations

import numpy as np

from labkit.cases.readers import Labelled
from labkit.errors import ArgumentError

__all__ = ["synthetic_reports"]

_COMPANY_NAMES = (
    "Alvar Bergan Corvia Delmet Elmira Fjordal Granic Halden Isolv Jorvik Kaleva Lumo Morsk Norvik "
    "Ostrava Pohja Quenta Rautio Sarvik Tolmar Ulvila Vesko Wexdal Ystad Zelmar"
)
_GOOD = ("net sales", "operating profit", "net profit", "order intake", "earnings per share")
_BAD = ("operating loss", "net loss", "interest expenses", "impairment charges")
_UP = ("rose", "increased", "grew", "climbed")
_DOWN = ("fell", "decreased", "declined", "dropped")
_PERIODS = ("first quarter", "second quarter", "third quarter", "fourth quarter", "first half")
_NEUTRAL = (
    "{company} will publish its report for the {period} of {year} on {day} March",
    "The board of {company} consists of {day} members in {year}",
    "{company} supplies {day} units to a customer whose name is not disclosed",
    "The annual general meeting of {company} is held in the {period} of {year}",
    "{company} , founded in {year} , has about {low} employees",
    "Terms of the agreement between {company} and {other} were not disclosed",
)


def synthetic_reports(count: int, *, seed: int = 0) -> Labelled:
    """Invented sentences of reports: three fifths neutral, a quarter positive, the rest negative.

    Args:
        count: how many.
        seed: of all draws.

    Raises:
        ArgumentError: a count below 1.

    Example:
        >>> synthetic_reports(2).texts[0]
        'Terms of the agreement between Bergan and Halden were not disclosed'
    """
    if count < 1:
        raise ArgumentError("count", required="at least 1", got=count)
    generator = np.random.default_rng(seed)
    labels = generator.choice(3, count, p=[0.15, 0.6, 0.25]).astype(np.int32)
    return Labelled([_sentence(int(label), generator) for label in labels], labels)


def _sentence(label: int, generator: np.random.Generator) -> str:
    company, other = generator.choice(_COMPANY_NAMES.split(), 2, replace=False)
    low, rise = generator.uniform(5, 90), generator.uniform(1, 20)
    facts = {"company": company, "other": other, "low": f"{low:.1f}", "high": f"{low + rise:.1f}"}
    facts |= {"period": generator.choice(_PERIODS), "year": str(generator.integers(2005, 2014))}
    facts["day"] = str(generator.integers(3, 29))
    if label == 1:
        pattern = str(generator.choice(_NEUTRAL))
        return pattern.format(**facts | {"low": str(generator.integers(20, 900))})
    good = bool(generator.random() < 0.7)
    up = good == (label == 2)
    facts["thing"] = str(generator.choice(_GOOD if good else _BAD))
    facts["move"] = str(generator.choice(_UP if up else _DOWN))
    ends = "EUR {high} mn in the {period} of {year} from EUR {low} mn"
    if not up:
        ends = "EUR {low} mn in the {period} of {year} from EUR {high} mn"
    sentence = ("{thing} of {company} {move} to " + ends).format(**facts)
    return sentence[0].upper() + sentence[1:]
