"""Splits: every row once, and what each kind of split promises, for any data."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.data.prepare.splits import grouped_split, stratified_split, time_split
from labkit.errors import ArgumentError

SHARES = st.sampled_from([(0.2, 0.0), (0.3, 0.1), (0.25, 0.25)])


def rows_once(split, n):
    together = np.concatenate([split.train, split.validation, split.test])
    np.testing.assert_array_equal(np.sort(together), np.arange(n))
    assert len(split.train) > 0
    assert len(split.test) > 0


@settings(max_examples=40, deadline=None)
@given(
    classes=st.lists(st.integers(0, 3), min_size=60, max_size=120),
    shares=SHARES,
    seed=st.integers(0, 9),
)
def test_stratified_keeps_every_class_at_its_share(classes, shares, seed):
    classes = np.array(classes + [0, 1, 2, 3] * 8)
    test, validation = shares
    split = stratified_split(classes, test=test, validation=validation, seed=seed)
    rows_once(split, len(classes))
    for k in range(4):
        wanted = test * (classes == k).sum()
        assert abs((classes[split.test] == k).sum() - wanted) <= 1.5


@settings(max_examples=40, deadline=None)
@given(groups=st.lists(st.integers(0, 12), min_size=20, max_size=90), shares=SHARES)
def test_grouped_parts_no_group(groups, shares):
    groups = np.array([*groups, 20, 21, 22])
    split = grouped_split(groups, test=shares[0], validation=shares[1], seed=3)
    rows_once(split, len(groups))
    sides = [set(groups[side]) for side in (split.train, split.validation, split.test)]
    assert sum(map(len, sides)) == len(set(groups))
    if shares[1]:
        assert len(split.validation) > 0


@settings(max_examples=40, deadline=None)
@given(times=st.lists(st.integers(0, 40), min_size=30, max_size=80), shares=SHARES)
def test_time_split_goes_forward_and_parts_no_moment(times, shares):
    times = np.array([*times, *range(20)])
    split = time_split(times, test=shares[0], validation=shares[1])
    rows_once(split, len(times))
    sides = [side for side in (split.train, split.validation, split.test) if len(side)]
    for before, after in pairwise(sides):
        assert times[before].max() < times[after].min()


def test_time_split_with_a_gap_by_hand():
    split = time_split(np.arange(10), test=0.2, validation=0.2, gap=1)
    assert [side.tolist() for side in (split.train, split.validation, split.test)] == [
        [0, 1, 2, 3, 4],
        [6],
        [8, 9],
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stratified_split([0, 1] * 9, test=0.0), "test must be above 0"),
        (lambda: stratified_split([0, 1] * 9, validation=0.9), r"validation must be in \[0, 0.8\)"),
        (lambda: stratified_split([0] * 9 + [1]), "a class of 1"),
        (lambda: grouped_split(["ann"] * 5), "at least 2 groups"),
        (lambda: time_split(np.arange(10), gap=9), "gap must be small enough"),
        (lambda: time_split(np.zeros(10)), "must be small enough"),
    ],
)
def test_errors_say_what_to_change(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
