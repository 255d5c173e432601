"""Entities found, against seqeval on random tags and against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from seqeval import metrics
from seqeval.metrics.sequence_labeling import get_entities

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate import entities_of, entity_errors, entity_report, token_report

TAGS = st.sampled_from(["O", "O", "B-a", "I-a", "B-bc", "I-bc"])
PAIRS = st.lists(
    st.integers(1, 8).flatmap(lambda n: st.tuples(*[st.lists(TAGS, min_size=n, max_size=n)] * 2)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(PAIRS)
@pytest.mark.filterwarnings("ignore")  # seqeval warns where no entity is there
def test_agrees_with_seqeval(pairs) -> None:
    true, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    report = entity_report(true, predicted)
    assume(report.kinds)  # without any, seqeval has no macro mean
    for mean, ours in (
        ("micro", report.micro),
        ("macro", report.macro),
        ("weighted", report.weighted),
    ):
        for score, value in zip(
            (metrics.precision_score, metrics.recall_score, metrics.f1_score), ours, strict=True
        ):
            assert value == pytest.approx(score(true, predicted, average=mean, zero_division=0))
    each = metrics.f1_score(true, predicted, average=None, zero_division=0)
    np.testing.assert_allclose(report.f1, each)
    for row in (*true, *predicted):
        theirs = [(start, end + 1, kind) for kind, start, end in get_entities(row)]
        assert list(entities_of(row)) == theirs


@settings(max_examples=25, deadline=None)
@given(PAIRS)
def test_every_true_entity_has_one_fate(pairs) -> None:
    true, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    errors, report = entity_errors(true, predicted), entity_report(true, predicted)
    assert sum(errors[:4]) == report.support.sum()
    assert errors.right == report.counts.sum(0)[0]
    assert errors.invented <= report.counts.sum(0)[1] - errors.right


def test_fates_by_hand() -> None:
    true = ["B-p", "I-p", "O", "B-l", "O", "B-g", "I-g", "O", "B-p"]
    said = ["B-p", "I-p", "O", "B-g", "O", "B-g", "O", "B-l", "O"]
    assert entity_errors([true], [said]) == (1, 1, 1, 1, 1)


def test_report_prints_kinds_and_three_means() -> None:
    report = entity_report([["B-per", "O", "B-loc"]], [["B-per", "B-loc", "O"]])
    lines = str(report).splitlines()
    assert lines[1].split() == ["loc", "0.000", "0.000", "0.000", "1"]
    assert lines[2].split() == ["per", "1.000", "1.000", "1.000", "1"]
    assert lines[3].split() == ["micro", "mean", "0.500", "0.500", "0.500", "2"]
    assert report.counts.tolist() == [[1, 2, 2]]


def test_nothing_to_find_is_no_error() -> None:
    report = entity_report([["O"], []], [["O"], []])
    assert report.micro == report.macro == report.weighted == (0, 0, 0)
    assert str(report).splitlines()[1].startswith("micro mean")


def test_tokens_are_reported_by_tag() -> None:
    report = token_report([["B-x", "O"], ["O", "O"]], [["O", "O"], ["O", "O"]])
    assert report.class_names == ("O", "B-x")
    assert report.weighted_f1 == pytest.approx(0.75 * 6 / 7)


@pytest.mark.parametrize("score", [entity_report, entity_errors, token_report])
def test_refuses_tags_that_do_not_belong_together(score) -> None:
    with pytest.raises(ShapeError, match="sentence 1: 2 for 1"):
        score([["O"], ["O"]], [["O"], ["O", "O"]])
    with pytest.raises(ShapeError, match="1 sentences for 2"):
        score([["O"], ["O"]], [["O"]])


def test_refuses_no_word_at_all() -> None:
    with pytest.raises(ArgumentError, match="at least one word"):
        token_report([[]], [[]])
