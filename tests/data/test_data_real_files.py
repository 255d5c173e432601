"""Every registered set on the official files: how much is in it, and what is known to be in it.

The figures are published ones where there are such (class counts, the famous mean and standard
deviation of MNIST, the sums in a WFDB header); the rest was counted by other means than labkit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labkit.data import Dataset, load, verify
from labkit.data.formats.images import decode, read_image_folder
from labkit.data.formats.qasm import read_circuit
from labkit.data.formats.wfdb_record import read_record
from labkit.data.registry import available, entry
from labkit.errors import DataError

pytestmark = pytest.mark.real_data


def classes(dataset: Dataset) -> list[int]:
    return np.bincount(dataset.targets).tolist()


def mean_and_std(dataset: Dataset) -> tuple[float, float]:
    scaled = dataset.scaled()
    return round(float(scaled.mean()), 4), round(float(scaled.std()), 4)


def entities(dataset: Dataset) -> int:
    return sum(tag.startswith("B-") for tags in dataset.targets for tag in tags)


def tokens(dataset: Dataset) -> int:
    return sum(map(len, dataset.inputs))


def missing(dataset: Dataset) -> list[int]:
    return np.isnan(dataset.inputs).sum(axis=0).tolist()


def stamps(dataset: Dataset, field: str) -> list[str]:
    return dataset.inputs[field][[0, -1]].astype("M8[s]").astype(str).tolist()


def share(dataset: Dataset, field: str, value: object) -> int:
    return int((dataset.inputs[field] == value).sum())


Fact = tuple[Callable[[Dataset], object], object]
FACTS: dict[str, tuple[tuple[int, ...], list[Fact]]] = {
    # set/split: shape of the inputs, and facts about its content
    "mnist/train": (
        (60000, 28, 28, 1),
        [(mean_and_std, (0.1307, 0.3081)), (lambda d: d.targets[:5].tolist(), [5, 0, 4, 1, 9])],
    ),
    "mnist/test": (
        (10000, 28, 28, 1),
        [(classes, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])],
    ),
    "fashion_mnist/train": (
        (60000, 28, 28, 1),
        [(mean_and_std, (0.2860, 0.3530)), (classes, [6000] * 10)],
    ),
    "fashion_mnist/test": (
        (10000, 28, 28, 1),
        [(classes, [1000] * 10), (lambda d: d.targets[:5].tolist(), [9, 2, 1, 1, 6])],
    ),
    "cifar10/train": (
        (10000, 32, 32, 3),
        [
            (lambda d: d.targets[:5].tolist(), [6, 9, 9, 4, 1]),
            (lambda d: d.inputs[0, 0, 0].tolist(), [59, 62, 63]),
            (lambda d: "first of the five official training batches" in d.note, True),
        ],
    ),
    "cifar10/test": (
        (10000, 32, 32, 3),
        [
            (classes, [1000] * 10),
            (lambda d: d.class_names[d.targets[0]], "cat"),
            (lambda d: d.inputs[0, 0, 0].tolist(), [158, 112, 49]),
        ],
    ),
    "pneumoniamnist/train": ((4708, 28, 28, 1), [(classes, [1214, 3494])]),
    "pneumoniamnist/val": ((524, 28, 28, 1), [(classes, [135, 389])]),
    "pneumoniamnist/test": ((624, 28, 28, 1), [(classes, [234, 390])]),
    "ucsd_ped2/test": (
        (180, 240, 360, 3),
        [
            # the ground truth of clip 1 marks frames 61 to 180
            (lambda d: np.flatnonzero(d.targets.any((1, 2))).tolist(), list(range(60, 180))),
            (lambda d: d.targets.shape, (180, 240, 360)),
            (lambda d: round(float(d.inputs.mean()), 2), 114.09),
        ],
    ),
    "udacity_lanes/all": ((6, 540, 960, 3), [(lambda d: d.targets.shape, (6, 0))]),
    "wnut17/train": ((3394,), [(tokens, 62730), (entities, 1975)]),
    # the paper counts 15,734 tokens; one of them is a line with nothing but a byte-order mark
    "wnut17/val": ((1009,), [(tokens, 15733), (entities, 836)]),
    "wnut17/test": (
        (1287,),
        [
            (tokens, 23394),
            (entities, 1079),
            (lambda d: d.class_names[:3], ("O", "B-corporation", "I-corporation")),
            (lambda d: d.inputs[0][20], "Sonmarg"),
            (lambda d: d.targets[0][20], "B-location"),
        ],
    ),
    "banking77/train": (
        (10003,),
        [
            (lambda d: (len(classes(d)), min(classes(d)), max(classes(d))), (77, 35, 187)),
            (lambda d: d.inputs[0], "I am still waiting on my card?"),
            (lambda d: d.class_names[d.targets[0]], "card_arrival"),
        ],
    ),
    "banking77/test": ((3080,), [(classes, [40] * 77)]),
    "financial_phrasebank/all": (
        (3453,),
        [
            (classes, [420, 2146, 887]),
            (lambda d: d.inputs[0][:40], "According to Gran , the company has no p"),
            (lambda d: sum("ä" in text or "ö" in text for text in d.inputs) > 0, True),
        ],
    ),
    "twitter_financial_news/val": ((2388,), [(classes, [347, 475, 1566])]),
    "tinyshakespeare/train": ((1,), [(lambda d: len(d.inputs[0]), 1003854)]),
    "tinyshakespeare/val": ((1,), [(lambda d: len(d.inputs[0]), 111540)]),
    "stsb_en/val": (
        (1500,),
        [(lambda d: d.inputs["first"][0], "A man with a hard hat is dancing.")],
    ),
    "stsb_zh/val": ((1500,), [(lambda d: d.targets[:3].tolist(), [5.0, 4.75, 5.0])]),
    "cmn_eng/all": ((21007,), [(lambda d: tuple(d.inputs[0]), ("Hi.", "嗨。"))]),
    "movielens_small/all": (
        (100836, 3),
        [
            (lambda d: [len(np.unique(d.inputs[:, k])) for k in (0, 1)], [610, 9724]),
            (lambda d: round(float(d.targets.mean()), 4), 3.5016),
            (lambda d: d.inputs[0].tolist(), [1, 1, 964982703]),
        ],
    ),
    "movielens_small_movies/all": (
        (9742,),
        [(lambda d: d.inputs["title"][0], "Toy Story (1995)")],
    ),
    "movielens_small_tags/all": ((3683,), [(lambda d: d.inputs["tag"][1], "Highly quotable")]),
    "german_credit/all": (
        (1000,),
        [
            (classes, [700, 300]),
            (lambda d: float(d.inputs["amount_dm"].mean()), 3271.258),
            (lambda d: share(d, "purpose", "radio or television"), 280),
            (lambda d: share(d, "foreign_worker", "no"), 37),
        ],
    ),
    "credit_default/all": (
        (30000, 23),
        [(classes, [23364, 6636]), (lambda d: round(float(d.inputs[:, 0].mean()), 2), 167484.32)],
    ),
    "card_fraud/all": (
        (1722, 30),
        [
            (classes, [1230, 492]),
            (lambda d: round(float(d.inputs[d.targets == 1, -1].mean()), 2), 122.21),
            (lambda d: d.note.startswith("a sample: all 492 frauds"), True),
        ],
    ),
    "cleveland/all": (
        (303, 13),
        [(classes, [164, 55, 36, 35, 13]), (missing, [0] * 11 + [4, 2])],
    ),
    "pima/all": ((768, 8), [(classes, [500, 268]), (missing, [0, 5, 35, 227, 374, 11, 0, 0])]),
    "ai4i2020/all": ((10000,), [(classes, [9661, 339]), (lambda d: share(d, "Type", "L"), 6000)]),
    "ai4i2020_modes/all": (
        (10000,),
        [(lambda d: d.targets.sum(axis=0).tolist(), [46, 115, 95, 98, 19])],
    ),
    "azure_llm_code/all": (
        (8819,),
        [
            (lambda d: stamps(d, "TIMESTAMP"), ["2023-11-16T18:17:03", "2023-11-16T19:14:19"]),
            (lambda d: round(float(d.inputs["ContextTokens"].mean())), 2048),
            (lambda d: round(float(d.inputs["GeneratedTokens"].mean()), 1), 27.9),
        ],
    ),
    "mitbih_100/all": (
        (650000, 2),
        [
            (lambda d: dict(zip(d.class_names, classes(d), strict=True)), {
                "": 647726, "+": 1, "A": 33, "N": 2239, "V": 1,
            }),
            # the header's first samples 995 and 1011, baseline 1024, 200 units per millivolt
            (lambda d: d.inputs[0].round(3).tolist(), [-0.145, -0.065]),
        ],
    ),
    "ecg5000/train": (
        (500, 140),
        [
            (classes, [292, 177, 10, 19, 2]),
            (lambda d: bool(np.abs(d.inputs.mean(axis=1)).max() < 1e-6), True),  # z-normalised
        ],
    ),
    "cmapss_fd001/train": (
        (20631, 26),
        [
            (lambda d: int((d.targets == 0).sum()), 100),  # each engine fails once
            (lambda d: d.targets[:2].tolist(), [191.0, 190.0]),  # engine 1 lives 192 cycles
            (lambda d: float(d.targets.max()), 361.0),  # the longest life is 362 cycles
        ],
    ),
    "cmapss_fd001/test": (
        (13096, 26),
        [
            (lambda d: d.targets[30], 112.0),  # engine 1 is cut off at cycle 31 with 112 left
            (lambda d: float(d.inputs[:, 0].max()), 100.0),
        ],
    ),
    "metr_la/all": (
        (2016, 207),
        [
            (lambda d: d.feature_names[:2], ("773869", "767541")),
            (lambda d: round(float(d.inputs.mean()), 2), 58.89),
        ],
    ),
    "metr_la_adjacency/all": (
        (207, 207),
        [
            (lambda d: int((d.inputs > 0).sum()), 2833),
            (lambda d: bool((d.inputs == d.inputs.T).all()), True),
            (lambda d: np.diag(d.inputs).min(), 1.0),
        ],
    ),
    "sz_taxi_adjacency/all": ((156, 156), [(lambda d: float(d.inputs.sum()), 532.0)]),
    "metro_interstate/all": (
        (48204,),
        [
            (lambda d: round(float(d.targets.mean()), 3), 3259.818),
            (lambda d: stamps(d, "date_time"), ["2012-10-02T09:00:00", "2018-09-30T23:00:00"]),
            (lambda d: len(d) - share(d, "holiday", "None"), 61),
        ],
    ),
    "ett_h1/all": (
        (17420,),
        [
            (lambda d: stamps(d, "date"), ["2016-07-01T00:00:00", "2018-06-26T19:00:00"]),
            (lambda d: set(np.diff(d.inputs["date"]).astype("m8[m]").astype(int)), {60}),
            (lambda d: round(float(d.targets.mean()), 4), 13.3247),
        ],
    ),
    "qasmbench/all": (
        (48,),
        [
            (lambda d: int(d.inputs["qubits"].max()), 16),
            (lambda d: share(d, "name", "bell_n4"), 1),
            (lambda d: d.inputs["source"][0].count("OPENQASM 2.0;"), 1),
        ],
    ),
}  # fmt: skip
BY_HAND = {"conll2003/train", "conll2003/val", "conll2003/test", "ecg5000/test"}
NOT_HERE = {*BY_HAND, "movielens_100k/all"}


def test_every_split_of_every_set_is_in_the_table() -> None:
    splits = {f"{n}/{s}" for n in available() for s in entry(n).splits if entry(n).files}
    assert splits == FACTS.keys() | NOT_HERE


@pytest.mark.parametrize("which", FACTS)
def test_the_real_file_holds_what_is_known_of_it(real_data: Path, which: str) -> None:
    name, split = which.split("/")
    dataset = load(name, split=split)
    shape, facts = FACTS[which]
    assert dataset.inputs.shape == shape
    for fact, known in facts:
        assert fact(dataset) == known
    if dataset.class_names and dataset.targets.dtype.kind == "i" and dataset.targets.ndim == 1:
        assert 0 <= dataset.targets.min() <= dataset.targets.max() < len(dataset.class_names)
    assert all((dataset.licence, dataset.citation, dataset.url, dataset.describe()))


@pytest.mark.parametrize("name", ["cleveland", "german_credit", "wnut17", "banking77", "pima"])
def test_verify_finds_the_files_genuine(real_data: Path, name: str) -> None:
    report = verify(name)
    assert report.ok
    assert {file.state for file in report.files} == {"copy" if name == "cleveland" else "good"}


def test_the_altered_cleveland_copy_differs_from_uci_in_six_fields_only(real_data: Path) -> None:
    lines = (real_data / "medical/processed.cleveland.data").read_text().splitlines()
    rows = [line.split(",") for line in lines]
    for row in rows:
        row[11:13] = ["?" if field == "0" else field for field in row[11:13]]
    official = "".join(",".join(row) + "\n" for row in rows).encode()
    assert hashlib.sha256(official).hexdigest() == entry("cleveland").files[0].served.sha256


def test_wfdb_reads_the_record_that_its_header_describes(real_data: Path) -> None:
    folder = real_data / "medical/mitdb"
    record = read_record(folder / "100.hea", folder / "100.dat", folder / "100.atr")
    assert record.sample_rate_hz == 360
    assert record.leads == ("MLII", "V5")
    assert (record.symbols[0], record.marks[0]) == ("+", 18)
    # format 212 by hand: two 12-bit samples, one per lead, in each three bytes
    packed = np.fromfile(folder / "100.dat", np.uint8).reshape(-1, 3).astype(np.int32)
    first = packed[:, 0] | (packed[:, 1] & 0x0F) << 8
    second = packed[:, 2] | (packed[:, 1] & 0xF0) << 4
    counts = np.stack([first, second], axis=1)
    signed = np.where(counts > 2047, counts - 4096, counts)
    np.testing.assert_allclose(record.signals_mv, (signed - 1024) / 200)


def test_a_circuit_file_known_not_to_parse_is_refused(real_data: Path) -> None:
    with pytest.raises(DataError, match=r"sat_n11\.qasm is not OpenQASM: it does not start with"):
        read_circuit(real_data / "quantum/QASMBench/medium/sat_n11/sat_n11.qasm")


def test_an_image_folder_has_one_class_per_subfolder(real_data: Path, tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(real_data / "driving/udacity_lane_images.tar.gz") as tar:
        for name in ("solidWhiteRight", "solidYellowLeft"):
            stream = tar.extractfile(f"test_images/{name}.jpg")
            assert stream is not None
            (tmp_path / name[5:10]).mkdir(exist_ok=True)
            (tmp_path / name[5:10] / f"{name}.jpg").write_bytes(stream.read())
    images, labels, names = read_image_folder(tmp_path)
    assert names == ("White", "Yello")
    assert labels == [0, 1]
    assert [image.shape for image in images] == [(540, 960, 3)] * 2
    with pytest.raises(DataError, match="has no subfolder: one for each class is needed"):
        read_image_folder(tmp_path / "White")
    with pytest.raises(DataError, match="is not a whole JPEG, PNG, BMP or TIFF image"):
        decode((tmp_path / "White/solidWhiteRight.jpg").read_bytes()[:5000], "half.jpg")
    (tmp_path / "Empty").mkdir()
    with pytest.raises(DataError, match=r"Empty holds no image"):
        read_image_folder(tmp_path)
