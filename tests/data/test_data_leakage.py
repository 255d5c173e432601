"""The table of planted leaks, each caught, and of the same work done cleanly, each passed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

from labkit.data.prepare import leakage
from labkit.data.prepare.leakage import LeakageError
from labkit.data.prepare.splits import Split, grouped_split, stratified_split, time_split

RNG = np.random.default_rng(0)
X, Y = load_breast_cancer(return_X_y=True)
SPLIT = stratified_split(Y, test=0.3, seed=0)
TRAIN, TEST = SPLIT.train, SPLIT.test
DIGITS = load_digits().data
PATIENTS = np.arange(len(Y)) // 4  # four visits each
DAYS = np.datetime64("2024-01-01T00", "h") + np.arange(len(Y))
TEXTS = ["Card not working", "My card is lost", "Top up failed", "Where is my transfer"]
SERIES = np.sin(np.arange(200) / 9) + RNG.normal(0, 0.1, 200)
HOLES = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
CODES = RNG.integers(0, 20, (len(Y), 1)).astype(str).astype(object)
COLUMNS = pd.DataFrame(X[:, :4], columns=["radius", "texture", "perimeter", "area"])


def fitted(estimator, rows, inputs=X):
    return leakage.check_fitted_on(estimator.fit(inputs[rows], Y[rows]), inputs[TRAIN], Y[TRAIN])


def visits(split):
    return leakage.check_groups(PATIENTS[split.train], PATIENTS[split.test], what="patient")


def days(split):
    dates = DAYS.astype("datetime64[D]")
    return leakage.check_groups(dates[split.train], dates[split.test], what="day")


def scaled_together(train, test):
    both = np.concatenate([train, test])
    return (train - both.mean(0)) / both.std(0), (test - both.mean(0)) / both.std(0)


def scaled_apart(train, test):
    return (train - np.mean(train, axis=0)) / np.std(train, axis=0), (
        test - np.mean(test, axis=0)
    ) / np.std(test, axis=0)


def scaled_by_train(train, test):
    return (train - np.mean(train, axis=0)) / np.std(train, axis=0), (
        test - np.mean(train, axis=0)
    ) / np.std(train, axis=0)


def centred_mean(series):
    return pd.Series(series).rolling(5, center=True, min_periods=1).mean().to_numpy()


def trailing_mean(series):
    return pd.Series(series).rolling(5, min_periods=1).mean().to_numpy()


ALL = np.arange(len(Y))
SHUFFLED = stratified_split(Y, test=0.3, seed=1)

#: what leaks: (the leak, a word of its message, the same work done cleanly)
PAIRS = {
    "a row on both sides": (
        lambda: leakage.check_disjoint(TRAIN, [*TEST, TRAIN[0]]),
        "row in both",
        lambda: leakage.check_disjoint(TRAIN, TEST),
    ),
    "oversampled before the split": (
        lambda: leakage.check_duplicates(X[TRAIN], X[[*TEST, TRAIN[7]]]),
        "oversample after",
        lambda: leakage.check_duplicates(X[[*TRAIN, TRAIN[7]]], X[TEST]),
    ),
    "augmented before the split": (
        lambda: leakage.check_near_duplicates(
            DIGITS[:900], DIGITS[800:] + RNG.normal(0, 0.01, DIGITS[800:].shape)
        ),
        "near copies",
        lambda: leakage.check_near_duplicates(DIGITS[:900], DIGITS[900:]),
    ),
    "a patient on both sides": (
        lambda: visits(SPLIT),
        "patients in both",
        lambda: visits(grouped_split(PATIENTS, test=0.3)),
    ),
    "a day on both sides": (
        lambda: days(SHUFFLED),
        "days in both",
        lambda: days(time_split(DAYS.astype("datetime64[D]"), test=0.3)),
    ),
    "the future in train": (
        lambda: leakage.check_time_order(DAYS[SHUFFLED.train], DAYS[SHUFFLED.test]),
        "not older",
        lambda: leakage.check_time_order(DAYS[:400], DAYS[400:]),
    ),
    "windows over the boundary": (
        lambda: leakage.check_windows(np.arange(0, 100), np.arange(100, 150), length=10),
        "9 training windows of 10",
        lambda: leakage.check_windows(np.arange(0, 91), np.arange(100, 150), length=10),
    ),
    "a text in other case": (
        lambda: leakage.check_texts(TEXTS[:3], ["card  NOT working!", TEXTS[3]]),
        "card  NOT working!",
        lambda: leakage.check_texts(TEXTS[:2], TEXTS[2:]),
    ),
    "a scaler fitted on everything": (
        lambda: fitted(StandardScaler(), ALL),
        "mean_, n_samples_seen_",
        lambda: fitted(StandardScaler(), TRAIN),
    ),
    "an imputer fitted on everything": (
        lambda: fitted(make_pipeline(KNNImputer(), StandardScaler()), ALL, HOLES),
        "Pipeline was not fitted",
        lambda: fitted(make_pipeline(KNNImputer(), StandardScaler()), TRAIN, HOLES),
    ),
    "features selected on everything": (
        lambda: fitted(
            make_pipeline(StandardScaler(), SelectKBest(k=5), LogisticRegression()), ALL
        ),
        "SelectKBest|scores_",
        lambda: fitted(
            make_pipeline(StandardScaler(), SelectKBest(k=5), LogisticRegression()), TRAIN
        ),
    ),
    "components fitted on the test set alone": (
        lambda: fitted(PCA(3, random_state=0), TEST),
        "PCA was not fitted",
        lambda: fitted(PCA(3, random_state=0), TRAIN),
    ),
    "categories encoded by all targets": (
        lambda: fitted(TargetEncoder(random_state=0), ALL, CODES),
        "TargetEncoder was not fitted",
        lambda: fitted(TargetEncoder(random_state=0), TRAIN, CODES),
    ),
    "a vocabulary of all texts": (
        lambda: leakage.check_fitted_on(TfidfVectorizer().fit(TEXTS), TEXTS[:2]),
        "vocabulary_",
        lambda: leakage.check_fitted_on(TfidfVectorizer().fit(TEXTS[:2]), TEXTS[:2]),
    ),
    "scaled together by hand": (
        lambda: leakage.check_preparation(scaled_together, X[TRAIN], X[TEST]),
        "training rows change",
        lambda: leakage.check_preparation(scaled_by_train, X[TRAIN], X[TEST]),
    ),
    "the test set scaled by itself": (
        lambda: leakage.check_preparation(scaled_apart, COLUMNS[:300], COLUMNS[300:]),
        "test row changes with",
        lambda: leakage.check_preparation(scaled_by_train, COLUMNS[:300], COLUMNS[300:]),
    ),
    "a centred moving average": (
        lambda: leakage.check_causal(centred_mean, SERIES),
        "looks ahead",
        lambda: leakage.check_causal(trailing_mean, SERIES),
    ),
    "a column that follows from the target": (
        lambda: leakage.check_target(COLUMNS.assign(treatment=np.where(Y, "none", "surgery")), Y),
        "Column 'treatment' alone",
        lambda: leakage.check_target(X, Y),
    ),
    "a column filled in after the outcome": (
        lambda: leakage.check_target(COLUMNS.assign(stay=np.where(Y, np.nan, X[:, 3])), Y),
        "Column 'stay'",
        lambda: leakage.check_target(COLUMNS, Y),
    ),
    "the row number of a sorted table": (
        lambda: leakage.check_target(
            COLUMNS.iloc[np.argsort(Y)].reset_index(drop=True).reset_index(), np.sort(Y)
        ),
        "Column '?index'?",
        lambda: leakage.check_target(COLUMNS.reset_index(), Y),
    ),
    "a real target times a constant": (
        lambda: leakage.check_target(COLUMNS.assign(price_usd=X[:, 5] * 1.1), X[:, 5]),
        "R² 0.99|R² 1",
        lambda: leakage.check_target(COLUMNS, X[:, 5]),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_leak_is_caught_and_the_clean_pipeline_passes(name):
    leak, message, clean = PAIRS[name]
    clean()
    with pytest.raises(LeakageError, match=message):
        leak()


def test_audit_reports_every_leak_at_once():
    rows = COLUMNS.assign(copy=Y)
    with pytest.raises(LeakageError, match="leaks") as caught:
        leakage.audit(SHUFFLED, rows, targets=Y, groups=PATIENTS, times=DAYS)
    message = str(caught.value)
    assert [word in message for word in ("groups in both", "not older", "'copy'")] == [True] * 3
    leakage.audit(time_split(DAYS, test=0.3), COLUMNS, targets=Y, times=DAYS)


def test_audit_looks_at_validation_too():
    leaky = Split(ALL[:300], ALL[299:400], ALL[400:])
    with pytest.raises(LeakageError, match="1 row in both train and test: 299") as caught:
        leakage.audit(leaky, X)
    assert "validation:" in str(caught.value)
    assert "\ntest:" not in str(caught.value)
