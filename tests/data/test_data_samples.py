"""Samples that travel with the package are parts of the official sets, with nothing changed."""

from __future__ import annotations

import os
import re
from collections import Counter

import numpy as np
import pytest

from labkit.data import load


@pytest.mark.parametrize(("split", "count"), [("train", 1000), ("val", 250), ("test", 400)])
def test_the_sample_of_wnut17_is_a_part_of_the_official_set(split: str, count: int) -> None:
    sample = load("wnut17_sample", split=split)
    assert len(sample) == count
    assert sample.licence == "CC BY 4.0"
    assert len(sample.class_names) == 13
    if "LABKIT_DATA" in os.environ:
        official = load("wnut17", split=split)
        rows = np.sort(np.random.default_rng(17).permutation(len(official))[:count])
        assert sample.inputs.tolist() == official.inputs[rows].tolist()
        assert sample.targets.tolist() == official.targets[rows].tolist()


@pytest.mark.parametrize(("split", "each"), [("train", 50), ("test", 20)])
def test_the_sample_of_banking77_is_a_part_of_the_official_set(split: str, each: int) -> None:
    sample = load("banking77_sample", split=split)
    assert Counter(sample.targets.tolist()) == dict.fromkeys(range(20), each)
    assert sample.licence == "CC BY 4.0"
    if "LABKIT_DATA" in os.environ:
        official = load("banking77", split=split)
        assert Counter(_named(sample)) <= Counter(_named(official))


def test_the_sample_of_tweets_is_a_part_of_the_official_set_without_addresses() -> None:
    sample = load("twitter_financial_sample", split="val")
    assert sample.class_names == ("bearish", "bullish", "neutral")
    assert len(sample) == 1200
    assert sample.licence == "MIT"
    assert not any("http" in text for text in sample.inputs)
    if "LABKIT_DATA" in os.environ:
        official = load("twitter_financial_news", split="val")
        bare = Counter(
            (re.sub(r"\s*https?:\S*", "", str(text)).strip(), int(label))
            for text, label in zip(official.inputs, official.targets, strict=True)
        )
        known = zip(map(str, sample.inputs), map(int, sample.targets), strict=True)
        assert Counter(known) <= bare


def test_the_sample_of_requests_is_the_beginning_of_the_official_trace() -> None:
    sample = load("azure_llm_code_sample")
    assert (len(sample), sample.split, sample.licence) == (2000, "all", "CC BY 4.0")
    assert np.all(np.diff(sample.inputs["TIMESTAMP"]) >= np.timedelta64(0))
    if "LABKIT_DATA" in os.environ:
        official = load("azure_llm_code").inputs
        assert sample.inputs.tolist() == official[:2000].tolist()


def _named(questions) -> list[tuple[str, str]]:
    """Each question, its white space evened, and the name of its intent."""
    names = [questions.class_names[k] for k in questions.targets]
    return [
        (" ".join(text.split()), name) for text, name in zip(questions.inputs, names, strict=True)
    ]
