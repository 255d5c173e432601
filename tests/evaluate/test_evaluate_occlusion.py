"""Leaving words out, against a linear model, whose weights are the answer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate import occlusion


def test_of_a_linear_score_each_word_gets_its_weight():
    words = ["profit", "fell", "while", "sales", "rose"]
    counter = CountVectorizer().fit([" ".join(words)])
    weights = np.random.default_rng(0).normal(size=len(words))
    found = occlusion(lambda texts: counter.transform(texts) @ weights, words)
    expected = [weights[counter.vocabulary_[word]] for word in words]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_single_word_is_held_against_the_empty_text():
    assert occlusion(lambda texts: [len(text) for text in texts], ["up"]).tolist() == [2.0]


def test_no_words_and_scores_of_another_shape_are_refused():
    with pytest.raises(ArgumentError, match="words must be at least one"):
        occlusion(lambda texts: np.zeros(len(texts)), [])
    with pytest.raises(ShapeError, match="scores must be one for each of 3"):
        occlusion(lambda texts: np.zeros((len(texts), 2)), ["a", "b"])
