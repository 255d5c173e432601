"""The lexicon: sentences whose meaning a reader agrees on, and rules worked by hand."""

from __future__ import annotations

import dataclasses

import pytest

from labkit.errors import ArgumentError
from labkit.models import DirectionLexicon

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Operating profit rose to EUR 13.1 mn", POSITIVE),
        ("Operating profit fell to EUR 35.4 mn", NEGATIVE),
        ("Its loss narrowed to EUR 2 mn", POSITIVE),
        ("The net loss widened", NEGATIVE),
        ("Costs were cut", POSITIVE),
        ("Unemployment climbs", NEGATIVE),
        ("The company posted a loss", NEGATIVE),
        ("Shares jumped", POSITIVE),
        ("Down in early trade", NEGATIVE),
        ("Sales did not grow", NEGATIVE),
        ("The stock was downgraded", NEGATIVE),
        ("Barclays upgrades Shell", POSITIVE),
        ("The annual meeting is held in Helsinki", NEUTRAL),
        ("", NEUTRAL),
        ("42 % ?!", NEUTRAL),
    ],
)
def test_a_sentence_is_read_as_people_read_it(text, expected):
    assert DirectionLexicon.financial().predict([text]).tolist() == [expected]


def test_a_move_takes_the_nearest_thing_and_of_two_as_near_the_one_before():
    words = DirectionLexicon.financial()
    assert words.findings("costs fell and profit fell") == [("fell", 1), ("fell", -1)]
    assert words.findings("loss fell profit") == [("fell", 1)]
    far = "costs " + "of this and of that and of the other one in the year " + "rose"
    # Out of reach of the costs: the move stands for itself, and the costs stay what they are.
    assert dict(words.findings(far)) == {"costs": -1, "rose": 1}


def test_a_negation_turns_three_words_and_no_more():
    words = DirectionLexicon.financial()
    assert words.findings("not a strong one") == [("strong", -1)]
    assert words.findings("not that we think it strong") == [("strong", 1)]


def test_the_lists_share_no_word_and_each_is_plain():
    words = DirectionLexicon.financial()
    assert len(words.words) > 300
    assert all(word == word.lower() and " " not in word for word in words.words)
    with pytest.raises(ArgumentError, match=r"each in one list only, but it is \['profit'\]"):
        dataclasses.replace(words, burdens=words.burdens | {"profit"})
