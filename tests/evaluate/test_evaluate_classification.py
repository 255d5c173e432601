from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate import accuracy_score, classification_report, confusion_matrix

labels = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2)
)


@settings(max_examples=60, deadline=None)
@given(labels)
def test_agrees_with_scikit_learn(pair: tuple[list[int], list[int]]) -> None:
    true, predicted = map(np.array, pair)
    classes = list(range(5))
    report = classification_report(true, predicted, class_names=tuple("abcde"))
    theirs = metrics.precision_recall_fscore_support(
        true, predicted, labels=classes, zero_division=0
    )
    for ours, reference in zip(
        (report.precision, report.recall, report.f1, report.support), theirs, strict=True
    ):
        np.testing.assert_allclose(ours, reference, rtol=1e-12)
    np.testing.assert_array_equal(
        confusion_matrix(true, predicted, num_classes=5),
        metrics.confusion_matrix(true, predicted, labels=classes),
    )
    assert report.accuracy == pytest.approx(metrics.accuracy_score(true, predicted))
    assert accuracy_score(true, predicted) == pytest.approx(report.accuracy)
    averages = {"macro": report.macro_f1, "weighted": report.weighted_f1}
    for average, ours in averages.items():
        reference = metrics.f1_score(
            true, predicted, labels=classes, average=average, zero_division=0
        )
        assert ours == pytest.approx(reference)


def test_report_prints_one_line_per_class() -> None:
    text = str(classification_report([0, 1, 1], [0, 1, 0], class_names=("cat", "dog")))
    assert text.splitlines()[1].split() == ["cat", "0.500", "1.000", "0.667", "1"]
    assert len(text.splitlines()) == 5


@pytest.mark.parametrize(
    ("targets", "predictions", "message"),
    [
        ([0, 1], [0], "predictions must be 2 classes"),
        ([], [], "targets must be a list of classes"),
        ([0, 1], [[0.1, 0.9], [0.2, 0.8]], "argmax"),
        ([0, 1], [0.0, 1.0], "integers"),
    ],
)
def test_refuses_what_is_not_two_lists_of_classes(targets, predictions, message) -> None:
    with pytest.raises(ShapeError, match=message):
        accuracy_score(targets, predictions)


@pytest.mark.parametrize("wrong", [[0, 3], [0, -1]])
def test_refuses_classes_that_do_not_exist(wrong) -> None:
    with pytest.raises(ArgumentError, match="classes 0 to 2"):
        confusion_matrix(wrong, [0, 1], num_classes=3)
