"""Case 20: bad input gets its answer, preparation and folds leak nothing, training learns."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from flax import nnx
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit import data, evaluate, models
from labkit.cases import diagnosis
from labkit.errors import ArgumentError
from labkit.evaluate import OperatingPoint
from labkit.models import CNNConfig, ResNet9Config, SignalConfig, Stage

HALF = OperatingPoint(0.5, 1.0, 1.0)
IMAGE = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)


@pytest.fixture(scope="module")
def cancer() -> diagnosis.Patients:
    return diagnosis.load_patients("breast_cancer")


@pytest.fixture(scope="module")
def xray_reader() -> diagnosis.Reader:
    """An untrained network: what it says does not matter here, that it answers does."""
    recipe = diagnosis.XrayRecipe.resnet(epochs=1)
    model = diagnosis.XrayModel((models.in_evaluation_mode(recipe.model(0)),), True, 0.0)
    return diagnosis.Reader(model.logits, diagnosis.check_image, 1.0, HALF)


# ---- bad input


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (IMAGE[:, :27], "a grey one of 28 × 28 is needed"),
        (np.stack([IMAGE] * 3, -1), "has shape (28, 28, 3)"),
        ([], "has shape (0,)"),
        (None, "holds no numbers"),
        ("a picture", "holds no numbers"),
        (IMAGE * 1.0, "between 0 and 1"),
        (IMAGE.astype(int) - 5, "between 0 and 255"),
        (np.full((28, 28), np.nan), "between 0 and 1"),
        (np.full((28, 28), 128, np.uint8), "blank"),
        (IMAGE * 1j, "holds no numbers"),
    ],
)
def test_a_bad_image_is_declined_with_a_reason(xray_reader, raw, sentence):
    finding = xray_reader.read(raw)
    assert sentence in finding.declined
    assert finding.probability is None
    assert finding.positive is None
    assert str(finding).startswith("No answer: ")


@pytest.mark.parametrize("raw", [IMAGE, IMAGE[..., None], IMAGE / 255, IMAGE.tolist()])
def test_a_good_image_is_read_in_each_usual_form(xray_reader, raw):
    finding = xray_reader.read(raw)
    assert finding.declined == ""
    # Levels stored as 32-bit numbers between 0 and 1, or as whole ones: the same image.
    assert finding.probability == pytest.approx(xray_reader.read(IMAGE).probability, abs=1e-5)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({}, "30 of 30 measurements are missing"),
        ({"mean radius": None}, "30 of 30 measurements are missing"),
        ({"mean radios": 3.0}, "Unknown measurements: mean radios"),
        ({"mean radius": "large"}, "no number"),
        ({"mean radius": float("inf")}, "infinite"),
        ([1.0] * 30, "no mapping"),
        (None, "no mapping"),
    ],
)
def test_a_bad_row_is_declined_with_a_reason(cancer, raw, sentence):
    reader = diagnosis.Reader(
        lambda rows: np.zeros(len(rows)), lambda r: diagnosis.check_row(r, cancer), 1.0, HALF
    )
    assert sentence in reader.read(raw).declined


def test_a_row_with_gaps_is_answered_and_says_so(cancer):
    model = diagnosis.row_model({"kind": "logistic", "C": 0.1}, cancer)
    model.fit(cancer.rows, cancer.ill)
    reader = diagnosis.Reader(
        model.decision_function, lambda r: diagnosis.check_row(r, cancer), 1.0, HALF
    )
    row = cancer.rows.iloc[0].to_dict()
    whole = reader.read(row)
    assert (whole.positive, whole.note) == (bool(cancer.ill[0]), "")
    assert whole.probability == pytest.approx(model.predict_proba(cancer.rows.iloc[:1])[0, 1])
    gaps = reader.read({**row, "mean radius": None, "worst area": float("nan")})
    assert gaps.note == "2 measurements were filled in."
    assert gaps.positive is not None


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (np.zeros(96), "flat line"),
        (np.arange(95.0), "96 samples are needed"),
        (np.r_[np.nan, np.arange(95.0)], "1 samples of the beat are missing"),
        ("beat", "not a list of numbers"),
        (np.ones((96, 2)), "96 samples are needed"),
    ],
)
def test_a_bad_beat_is_declined_with_a_reason(raw, sentence):
    with pytest.raises(ValueError, match=sentence):
        diagnosis.check_beat(raw, samples=96)


def test_a_good_beat_is_standardised():
    batch, note = diagnosis.check_beat(list(range(96)), samples=96)
    assert batch.shape == (1, 96, 1)
    assert note == ""
    assert batch.mean() == pytest.approx(0, abs=1e-5)
    assert batch.std() == pytest.approx(1, abs=1e-5)


# ---- tables


def test_breast_cancer_is_whole_and_class_1_is_the_disease(cancer):
    from sklearn.datasets import load_breast_cancer

    raw = load_breast_cancer(as_frame=True)
    assert raw.target_names[0] == "malignant"
    ours = np.c_[cancer.rows.to_numpy(), cancer.ill]
    theirs = np.c_[raw.data.to_numpy(), 1 - raw.target]
    np.testing.assert_allclose(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])
    with pytest.raises(ArgumentError, match="breast_cancer or cleveland"):
        diagnosis.load_patients("toothache")
    with pytest.raises(ArgumentError, match="kind logistic or trees"):
        diagnosis.row_model({"kind": "oracle"}, cancer)


def test_nested_scores_are_scikit_learns_and_each_patient_is_judged_unseen(cancer):
    only = ({"kind": "logistic", "C": 1.0},)
    found, said = diagnosis.nested_auc(cancer, candidates=only, seed=3)
    X, y = cancer.rows.to_numpy(), cancer.ill
    expected, theirs = [], np.empty(len(y))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=3).split(X, y):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
        theirs[test] = model.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
        expected.append(roc_auc_score(y[test], theirs[test]))
    np.testing.assert_allclose(found.scores, expected, atol=1e-6)
    np.testing.assert_allclose(said, theirs, atol=1e-4)


@pytest.mark.real_data
def test_clevelands_gaps_are_filled_inside_the_folds(real_data):
    patients = diagnosis.load_patients("cleveland")
    assert patients.rows.isna().sum().sum() == 6
    assert int(patients.ill.sum()) == 139
    found, said = diagnosis.nested_auc(patients, candidates=diagnosis.CANDIDATES[1:2])
    assert found.mean > 0.85  # published logistic regressions reach about 0.9
    assert np.isfinite(said).all()


# ---- images


def test_exposure_does_not_change_what_is_read(xray_reader):
    darker = (0.2 + 0.5 * IMAGE / 255).astype(np.float32)
    bright = (IMAGE / 255).astype(np.float32)
    ends = [xray_reader.read(image).probability for image in (darker, bright)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-4)


def test_members_learn_a_tiny_task_and_explain_what_they_score(tmp_path):
    """Whether a corner is bright."""
    generator = np.random.default_rng(0)
    labels = np.r_[np.zeros(96, int), np.ones(48, int)]
    images = 0.3 * generator.random((144, 8, 8, 1)).astype(np.float32)
    images[labels == 1, :4, :4] += 0.6
    config = CNNConfig((8, 8, 1), (Stage(8),), hidden=16, num_classes=2, padding="SAME")
    recipe = diagnosis.XrayRecipe(
        config, epochs=4, members=2, batch_size=16, rate=0.05, crop=0, hole=0, flip=False
    )
    model = diagnosis.train_xrays(recipe, images, labels, folder=tmp_path)
    logits = model.logits(images)
    assert evaluate.roc_auc(labels, logits, resamples=100).value > 0.99
    seen = diagnosis.standardise_images(images)
    np.testing.assert_allclose(model.score(seen[:5]), logits[:5], atol=1e-4)
    first, second = (
        jax.tree.leaves(nnx.to_pure_dict(nnx.state(member, nnx.Param))) for member in model.members
    )
    different = [not np.array_equal(a, b) for a, b in zip(first, second, strict=True)]
    assert any(different)
    again = diagnosis.train_xrays(recipe, images, labels, folder=tmp_path)  # from its checkpoints
    np.testing.assert_array_equal(again.logits(images), logits)
    parts = evaluate.integrated_gradients(model.score, seen[-4:], steps=64)
    corner = np.abs(parts)[:, :4, :4].sum() / np.abs(parts).sum()
    assert corner > 0.5  # a quarter of the area


def test_a_recipe_that_cannot_be_is_refused():
    with pytest.raises(ArgumentError, match="two classes"):
        diagnosis.XrayRecipe(ResNet9Config((28, 28, 1), width=8), epochs=1)
    with pytest.raises(ArgumentError, match="at least 1"):
        diagnosis.XrayRecipe.resnet(epochs=0)
    assert diagnosis.XrayRecipe.cnn().network.num_classes == 2


# ---- beats


def test_beats_are_cut_at_their_marks():
    signal = np.zeros(100)
    marks, symbols = np.array([2, 20, 40, 60, 97]), np.array(["N", "V", "+", "A", "N"])
    signal[marks] = 1.0
    beats = diagnosis.cut_beats(signal, marks, symbols, before=5, after=8)
    assert beats.symbols.tolist() == ["V", "A"]  # the first and the last are not whole, + no beat
    assert (beats.series.argmax(1) == 5).all()
    with pytest.raises(ArgumentError, match="at least one whole beat"):
        diagnosis.cut_beats(signal, [40], ["+"], before=5, after=5)


@pytest.mark.real_data
def test_record_100_has_the_beats_that_physionet_counts(real_data):
    record = data.load("mitbih_100")
    marks = np.flatnonzero(record.targets)
    symbols = np.array(record.class_names)[record.targets[marks]]
    beats = diagnosis.cut_beats(record.inputs[:, 0], marks, symbols, before=90, after=110)
    kinds, counts = np.unique(beats.symbols, return_counts=True)
    # MIT-BIH directory: 2239 normal, 33 atrial premature, 1 ventricular; two may be cut off.
    found = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    assert found["A"] == 33
    assert found["V"] == 1
    assert 2237 <= found["N"] <= 2239


def test_synthetic_beats_are_what_they_say():
    found = diagnosis.synthetic_beats(6, 40, seed=1)
    assert found.series.shape == (240, 96)
    assert 0.2 < found.ectopic.mean() < 0.45
    again = diagnosis.synthetic_beats(6, 40, seed=1)
    np.testing.assert_array_equal(found.series, again.series)
    x = diagnosis.standardise_beats(found.series)
    of_one = [np.corrcoef(x[found.patients == p][:2])[0, 1] for p in range(6)]
    across = [
        np.corrcoef(x[found.patients == p][0], x[found.patients != p][0])[0, 1] for p in range(6)
    ]
    assert np.mean(of_one) > np.mean(across)
    with pytest.raises(ArgumentError, match="at least 1"):
        diagnosis.synthetic_beats(0, 1)


def test_a_network_learns_beats():
    found = diagnosis.synthetic_beats(2, 60, seed=0)
    config = SignalConfig(96, 2, widths=(16, 16), windows=(9, 9))
    recipe = diagnosis.BeatRecipe(config, epochs=20, rate=0.01)
    model = diagnosis.train_beats(recipe, found.series, found.ectopic)
    scores = models.predict(model, diagnosis.standardise_beats(found.series)[..., None])
    assert (scores.argmax(-1) == found.ectopic).mean() > 0.9
