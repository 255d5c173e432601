"""One way in: names, splits, what a Dataset tells, and what happens to bad input."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from format_samples import CONLL_2003

from labkit.data import Dataset, available, data_list, fetch, load, verify
from labkit.data.formats.conll import read_sentences, to_iob2
from labkit.data.registry import entry
from labkit.errors import ArgumentError, DataError, OfflineError

EMBEDDED = {"breast_cancer": 569, "diabetes": 442, "digits": 1797, "wine": 178}


@pytest.mark.parametrize(("name", "count"), EMBEDDED.items())
def test_an_embedded_set_is_divided_80_to_20_without_overlap(name: str, count: int) -> None:
    train, test = load(name), load(name, split="test")
    assert len(train) + len(test) == count
    assert len(test) == int(np.ceil(0.2 * count))
    rows = {row.tobytes() for row in train.inputs} & {row.tobytes() for row in test.inputs}
    assert not rows
    again = load(name)
    np.testing.assert_array_equal(train.inputs, again.inputs)
    np.testing.assert_array_equal(train.targets, again.targets)


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "wine"])
def test_an_embedded_split_keeps_the_share_of_every_class(name: str) -> None:
    train, test = (np.bincount(load(name, split=s).targets) for s in ("train", "test"))
    share = test / (train + test)
    assert np.abs(share - 0.2).max() < 1 / (train + test).min() + 1e-9  # to one example


def test_digits_are_scikit_learns_digits_in_another_order() -> None:
    from sklearn.datasets import load_digits

    both = [load("digits", split=split).inputs for split in ("train", "test")]
    ours = np.concatenate(both).reshape(1797, 64)
    truth = load_digits().data.astype(np.uint8)
    assert sorted(map(bytes, ours)) == sorted(map(bytes, truth))


def test_an_unknown_set_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(ArgumentError, match=r"'fashion_mnst'.* Did you mean fashion_mnist"):
        load("fashion_mnst")
    with pytest.raises(
        ArgumentError, match=r"name must be one of ai4i2020, .*, wnut17_sample, but"
    ):
        load("imagenet22k")


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"split must be one of train, test, but it is 'val'"):
        load("digits", split="val")


@pytest.mark.real_data
def test_a_truncated_file_is_moved_aside_and_nothing_is_lost(
    real_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for half in ("images-idx3", "labels-idx1"):
        shutil.copy(real_data / f"fashion-mnist/t10k-{half}-ubyte.gz", folder)
    assert len(load("fashion_mnist", root=tmp_path, split="test")) == 10000
    labels = folder / "t10k-labels-idx1-ubyte.gz"
    part = labels.read_bytes()[:2000]
    labels.write_bytes(part)
    with pytest.raises(DataError, match=r"cut short: 2,000 of 5,148 bytes.*moved aside to t10k"):
        load("fashion_mnist", root=tmp_path, split="test")
    (aside,) = folder.glob("*.corrupt-*")
    assert aside.read_bytes() == part
    assert not labels.exists()


def test_the_file_may_be_named_by_root_or_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ner/conll2003/eng.train"  # a sample in the official format
    path.parent.mkdir(parents=True)
    path.write_text(CONLL_2003)
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    by_environment = load("conll2003")
    monkeypatch.delenv("LABKIT_DATA")
    by_root = load("conll2003", root=tmp_path)
    assert by_root.inputs.tolist() == by_environment.inputs.tolist()
    assert by_root.targets[0] == ("B-ORG", "O", "B-PER", "O", "O", "B-LOC", "O")
    assert by_root.class_names == ("O", "B-LOC", "B-ORG", "B-PER")
    with pytest.raises(OfflineError, match=r"Get it as https://www\.clips.* and put it at .*testa"):
        load("conll2003", root=tmp_path, split="val")


@pytest.mark.parametrize(
    ("tags", "iob2"),
    [
        ("I-PER I-PER O I-PER", "B-PER I-PER O B-PER"),
        ("I-PER B-PER I-PER", "B-PER B-PER I-PER"),  # IOB1: two that touch
        ("I-PER I-LOC I-LOC", "B-PER B-LOC I-LOC"),
        ("B-PER I-PER O B-LOC", "B-PER I-PER O B-LOC"),  # IOB2 stays
        ("", ""),
    ],
)
def test_iob1_becomes_iob2(tags: str, iob2: str) -> None:
    assert to_iob2(tags.split()) == tuple(iob2.split())
    assert to_iob2(iob2.split()) == tuple(iob2.split())


def test_both_dialects_of_conll_give_the_same_sentences(tmp_path: Path) -> None:
    two_columns = "\n".join(
        "" if not line or "DOCSTART" in line else "\t".join(line.split()[::3])
        for line in CONLL_2003.splitlines()
    )
    (tmp_path / "four").write_text(CONLL_2003)
    (tmp_path / "two").write_text((two_columns + "\n\t\n").replace("\n", "\r\n"))
    assert read_sentences(tmp_path / "four") == read_sentences(tmp_path / "two")


def test_scaling_uses_the_range_of_the_format_and_refuses_tables() -> None:
    digits = load("digits")
    np.testing.assert_array_equal(digits.scaled(), digits.inputs.astype(np.float32) / 16)
    with pytest.raises(ArgumentError, match=r"such as images, but it is 'wine'\. Fit a scaler"):
        load("wine").scaled()


def test_a_table_becomes_a_data_frame() -> None:
    frame = load("wine").frame()
    assert list(frame.columns)[:2] == ["alcohol", "malic_acid"]
    mixed = np.array([(1, "a")], [("n", "i8"), ("t", "O")])
    assert Dataset("x", "all", mixed, np.zeros(1)).frame().to_dict("list") == {"n": [1], "t": ["a"]}
    with pytest.raises(ArgumentError, match="a table with named columns"):
        load("digits").frame()


def test_inputs_and_targets_must_belong_together() -> None:
    with pytest.raises(DataError, match="has 3 inputs but 2 targets"):
        Dataset("x", "all", np.zeros(3), np.zeros(2))


def test_a_description_names_the_source_and_the_terms() -> None:
    text = load("digits").describe()
    assert text.startswith("digits/train: 1,437 examples, inputs uint8 (1437, 8, 8, 1)")
    for expected in ("values:   0 to 16", "0 142, 1 146", "CC BY 4.0", "Alpaydin", "dataset/80"):
        assert expected in text


@pytest.mark.parametrize("name", available())
def test_every_entry_says_where_it_is_from_and_on_what_terms(name: str) -> None:
    about = entry(name)
    assert all((about.title, about.licence, about.citation))
    assert about.url.startswith("http")
    assert about.splits
    for file in about.files:
        for copy in (file.served, *file.copies):
            if copy.sha256 is None:
                assert not file.url  # what is fetched is checked
            else:
                assert re.fullmatch("[0-9a-f]{64}", copy.sha256)
                assert copy.size_bytes
            assert not Path(copy.path).is_absolute()
            assert ".." not in Path(copy.path).parts
        assert all(copy.note for copy in file.copies)


def test_the_list_tells_what_is_here_and_how_much_is_to_fetch(tmp_path: Path) -> None:
    summaries = {summary.name: summary for summary in data_list(root=tmp_path)}
    assert tuple(summaries) == available()
    assert summaries["digits"].ready
    assert summaries["digits"].download_bytes == 0
    mnist = summaries["mnist"]
    assert (mnist.ready, mnist.files, mnist.files_here) == (False, 4, 0)
    assert mnist.download_bytes == 9912422 + 28881 + 1648877 + 4542
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist/t10k-labels-idx1-ubyte.gz").write_bytes(b"anything")
    assert {s.name: s.files_here for s in data_list(root=tmp_path)}["mnist"] == 1


def test_verify_reports_each_file_and_moves_a_bad_one_aside(tmp_path: Path) -> None:
    path = tmp_path / "mnist/t10k-labels-idx1-ubyte.gz"
    path.parent.mkdir()
    path.write_bytes(b"anything")
    report = verify("mnist", root=tmp_path)
    states = {file.path.name: file.state for file in report.files}
    assert not report.ok
    assert states[path.name] == "bad"
    assert sorted(states.values()) == ["bad", "missing", "missing", "missing"]
    assert "cut short: 8 of 4,542 bytes" in report.files[-1].detail
    assert not path.exists()


def test_fetching_an_embedded_set_is_nothing_to_do(tmp_path: Path) -> None:
    assert fetch("wine", root=tmp_path).ok
    with pytest.raises(ArgumentError, match="name must be one of"):
        fetch("nothing")
    with pytest.raises(OfflineError, match=r"eng\.train is not on this machine"):
        fetch("conll2003", root=tmp_path)


def test_an_unchecked_file_is_called_so(tmp_path: Path) -> None:
    for split in ("train", "testa", "testb"):
        path = tmp_path / f"ner/conll2003/eng.{split}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CONLL_2003)
    report = verify("conll2003", root=tmp_path)
    assert report.ok
    assert {file.state for file in report.files} == {"unchecked"}


def test_the_room_is_lazy_about_heavy_readers() -> None:
    code = (
        "import sys, labkit.data as d; d.data_list();"
        "heavy = {'pandas', 'sklearn', 'wfdb', 'PIL', 'pooch', 'requests'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
