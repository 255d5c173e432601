"""Tables: hand-made dirt, scikit-learn and pandas as references, planted label errors."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

from labkit.data.prepare import tables
from labkit.errors import ArgumentError

DIRTY = pd.DataFrame(
    {
        "age": ["41", "63", "?", "41", "400", "63"],
        "sex": ["f", " m ", "f", "f", "NA", "m"],
        "glucose": [0, 148, 99, 0, 120, 148],
        "sick": [0, 1, 1, 0, 1, 0],
    }
)


def test_cleaning_by_hand():
    possible = {"age": (0, 120), "glucose": (1, 1000)}
    done = tables.clean(
        DIRTY,
        missing=tables.mark_missing,
        impossible=lambda table: tables.impossible_to_missing(table, possible),
        duplicates=tables.drop_duplicates,
        conflicts=lambda table: tables.drop_conflicts(table, "sick"),
    )
    expected = pd.DataFrame(
        {
            "age": [41.0, np.nan, np.nan],
            "sex": ["f", "f", np.nan],
            "glucose": [np.nan, 99.0, 120.0],
            "sick": [0, 1, 1],
        },
        index=[0, 2, 4],
    )
    pd.testing.assert_frame_equal(done.table, expected, check_dtype=False)
    changes = [(change.step, change.rows_dropped, change.cells_emptied) for change in done.changes]
    assert changes == [
        ("missing", 0, 2),
        ("impossible", 0, 3),
        ("duplicates", 1, 0),
        ("conflicts", 2, 0),
    ]
    assert DIRTY["age"][2] == "?"  # the raw table is left as it is


def test_profile_by_hand():
    found = tables.profile(tables.mark_missing(DIRTY))
    assert found.loc["age", ["missing", "distinct", "least", "largest"]].tolist() == [
        pytest.approx(1 / 6), 3, 41, 400,
    ]  # fmt: skip
    assert found.loc["sex", "distinct"] == 2


def test_table_pipeline_by_hand():
    table = pd.DataFrame({"x": [1.0, 3.0, np.nan, 100.0], "word": ["a", None, "b", "a"]})
    clipper = tables.OutlierClipper(reach=0.5)
    pipeline = tables.table_pipeline(["x"], ["word"], clipper=clipper, scaler="passthrough")
    matrix = pipeline.fit_transform(table)
    # quartiles of 1, 3, 100 are 2 and 51.5; fences at -22.75 and 76.25; median 3
    np.testing.assert_allclose(matrix[:, 0], [1, 3, 3, 76.25])
    np.testing.assert_array_equal(matrix[:, 1], [0, 0, 1, 0])  # was missing
    np.testing.assert_array_equal(matrix[:, 2:], [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]])
    unseen = pipeline.transform(pd.DataFrame({"x": [-1e9], "word": ["new"]}))
    np.testing.assert_allclose(unseen, [[-22.75, 0, 0, 0, 0]])


@pytest.mark.parametrize("encoder", [None, OrdinalEncoder()])
def test_a_pipeline_serves_a_classifier_on_mixed_columns(encoder):
    inputs, targets = load_breast_cancer(return_X_y=True, as_frame=True)
    table = inputs.iloc[:, :4].assign(size=pd.cut(inputs["mean area"], 3, labels=list("SML")))
    numeric, categorical = tables.column_kinds(table.astype({"size": str}))
    assert categorical == ["size"]
    prepare = tables.table_pipeline(numeric, categorical, encoder=encoder)
    model = make_pipeline(prepare, LogisticRegression()).fit(table, targets)
    assert model.score(table, targets) > 0.85  # 0.63 are of one class


@parametrize_with_checks([tables.OutlierClipper()])
def test_the_clipper_is_a_scikit_learn_transformer(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("model", "least_recall", "least_precision"),
    [
        (make_pipeline(PCA(20), QuadraticDiscriminantAnalysis(reg_param=0.1)), 0.95, 0.6),
        (KNeighborsClassifier(10), 0.6, 0.95),
    ],
    ids=["bold", "cautious"],
)
def test_planted_label_errors_are_found(model, least_recall, least_precision):
    inputs, labels = load_digits(return_X_y=True)
    inputs, labels = inputs[:900], labels[:900].copy()
    flipped = np.random.default_rng(0).choice(900, 45, replace=False)
    answer = dict(zip(flipped, labels[flipped], strict=True))
    labels[flipped] = (labels[flipped] + 3) % 10
    found = tables.suspect_labels(inputs, labels, model)
    hits = np.isin(found.rows, flipped)
    assert hits.sum() / 45 >= least_recall
    assert hits.mean() >= least_precision
    assert hits[:10].mean() >= 0.9  # the most doubtful are wrong
    guesses = zip(found.rows[hits], found.suggested[hits], strict=True)
    assert np.mean([answer[row] == guess for row, guess in guesses]) > 0.9
    assert (np.diff(found.confidence_gap) <= 0).all()


def test_clean_labels_raise_few_doubts():
    inputs, labels = load_breast_cancer(return_X_y=True)
    names = np.array(["malignant", "benign"])[labels]
    found = tables.suspect_labels(
        pd.DataFrame(inputs), names, make_pipeline(StandardScaler(), GaussianNB())
    )
    assert len(found.rows) < 0.1 * len(labels)
    assert set(found.suggested) <= {"malignant", "benign"}


RARE = np.array([0] * 50 + [1] * 9 + [2] * 20)
POINTS = np.random.default_rng(0).normal(0, 1, (79, 2)) + RARE[:, None] * 10


def test_class_weights_equal_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=RARE)
    np.testing.assert_allclose(tables.class_weights(RARE), expected)
    assert tables.class_weights(RARE)[RARE].mean() == pytest.approx(1)


def test_resampling_makes_classes_equal():
    over, under = tables.oversample(RARE, seed=1), tables.undersample(RARE, seed=1)
    assert np.bincount(RARE[over]).tolist() == [50, 50, 50]
    assert np.bincount(RARE[under]).tolist() == [9, 9, 9]
    assert len(np.unique(under)) == 27
    assert len(np.unique(over)) == 79
    assert np.ptp(np.bincount(over)[RARE == 1]) <= 1  # rows of a class are repeated alike


def test_smote_points_lie_between_two_of_their_class():
    inputs, targets = tables.smote(POINTS, RARE, neighbours=3, seed=0)
    assert np.bincount(targets).tolist() == [50, 50, 50]
    np.testing.assert_array_equal(inputs[:79], POINTS)
    for point, k in zip(inputs[79:], targets[79:], strict=True):
        own = POINTS[k == RARE]
        # on the segment from a to b: |p - a| + |p - b| = |a - b|
        to_own = np.linalg.norm(own - point, axis=1)
        detour = to_own[:, None] + to_own - np.linalg.norm(own[:, None] - own, axis=2)
        np.fill_diagonal(detour, np.inf)
        assert detour.min() < 1e-9


def test_prior_correction_undoes_oversampling():
    """On data of known densities, a model of balanced classes is corrected to Bayes' rule."""
    x = np.linspace(-4, 6, 50)
    density = np.stack([np.exp(-(x**2) / 2), np.exp(-((x - 2) ** 2) / 2)], axis=1)
    balanced = density / density.sum(axis=1, keepdims=True)
    bayes = density * [0.95, 0.05] / (density * [0.95, 0.05]).sum(axis=1, keepdims=True)
    corrected = tables.correct_prior(balanced, trained=[0.5, 0.5], true=[0.95, 0.05])
    np.testing.assert_allclose(corrected, bayes)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tables.class_weights([0, 2]), "no row of 1"),
        (lambda: tables.class_weights(["a", "b"]), "class numbers from 0"),
        (lambda: tables.smote([[0.0], [1.0], [2.0]], [0, 0, 1]), "2 rows or more"),
        (lambda: tables.table_pipeline([]), "at least one column"),
        (lambda: tables.table_pipeline(["a"], ["a"]), "none of them categorical"),
        (lambda: tables.impossible_to_missing(DIRTY, {"agee": (0, 1)}), "'agee'"),
        (lambda: tables.suspect_labels(POINTS, RARE, GaussianNB(), folds=10), "at most 9"),
        (lambda: tables.suspect_labels(POINTS, RARE, StandardScaler()), "predict_proba"),
        (lambda: tables.OutlierClipper(reach=0.0).fit(POINTS), "reach must be above 0"),
    ],
)
def test_errors_say_what_to_change(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
