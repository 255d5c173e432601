"""Planted answers for labkit/teach/exercises/leakage.py."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler


def together(train, test):
    both = np.concatenate([train, test])
    return (train - both.mean(0)) / both.std(0), (test - both.mean(0)) / both.std(0)


def apart(train, test):
    return (train - train.mean(0)) / train.std(0), (test - test.mean(0)) / test.std(0)


def one_mean(train, test):
    return (train - train.mean()) / train.std(), (test - train.mean()) / train.std()


def by_scaler(train, test):
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def by_hand(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0, ddof=1)
    return [(train - mean) / std, (test - mean) / std]


WRONG = {
    "leakage.standardise": [
        "",
        together,
        apart,
        one_mean,
        lambda train, test: (train, test),
        lambda train, test: (train - train.mean(0)) / train.std(0),
        lambda train, test: (by_scaler(train, test)[0], test),
        lambda train: train,
    ],
    "leakage.which_split": ["", "stratified", "time", "random", 2],
    "leakage.window_gap": ["", 999, 976, 994, 971, 1000, [970], True],
    "leakage.resume": ["", (2, 6), (3, 7), (2, 5), 37, (0, 37), (7, 2), [2, 7, 0]],
}

RIGHT = {
    "leakage.standardise": [by_scaler, by_hand],
    "leakage.which_split": ["grouped", " Grouped "],
    "leakage.window_gap": [970, 970.0],
    "leakage.resume": [(2, 7), [2, 7], np.array([2, 7])],
}
