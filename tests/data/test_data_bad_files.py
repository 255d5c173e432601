"""Each format: a good sample is read, a bad one is refused in a sentence, none does harm.

The table BAD names at least three faults of every format (cut short, altered, another format) with
the sentence that each must bring. The last test lets hypothesis damage every sample at will.
"""

from __future__ import annotations

import contextlib
import gzip
import importlib
import pickle
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_samples import (
    IMAGES,
    PIXELS,
    SAMPLES,
    idx_bytes,
    picture,
    python2_batch,
    tar_bytes,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import labkit.data.formats
from labkit.data.formats.parts import Parts
from labkit.errors import DataError

Damage = Callable[[bytes], bytes]


def read(sample: str, arguments: dict[str, Any]) -> Parts:
    module = importlib.import_module(f"labkit.data.formats.{sample.split(':')[0]}")
    return module.read_split(**arguments)


def test_every_format_has_a_sample() -> None:
    folder = Path(labkit.data.formats.__file__).parent
    offered = {p.stem for p in folder.glob("*.py") if "\ndef read_split(" in p.read_text()}
    assert {sample.split(":")[0] for sample in SAMPLES} == offered


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_good_sample_is_read(sample: str, tmp_path: Path) -> None:
    parts = read(sample, SAMPLES[sample](tmp_path))
    assert len(parts.inputs) == len(parts.targets) > 0


# ------------------------------------------------------------------ faults and their sentences
def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def replaced(old: bytes, new: bytes) -> Damage:
    def damage(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return damage


def becomes(content: bytes) -> Damage:
    return lambda _: content


def unzipped(damage: Damage) -> Damage:
    return lambda content: gzip.compress(damage(gzip.decompress(content)))


def flipped(content: bytes) -> bytes:
    """One bit in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 16]) + content[middle + 1 :]


def archive_of(batch: bytes) -> Damage:
    return becomes(tar_bytes({"cifar-10-batches-py/data_batch_1": batch}))


GREY = picture(np.zeros((4, 6), np.uint8), "PNG")
ZIP, PNG = b"PK\x03\x04" + bytes(60), b"\x89PNG\r\n\x1a\n" + bytes(60)
BATCH = python2_batch(PIXELS, [6, 9])

BAD: list[tuple[str, str, Damage, str]] = [
    # sample, the argument whose file is damaged, the damage, the sentence
    ("idx", "images", half, "cut short: its gzip stream ends before its end mark"),
    ("idx", "images", flipped, "is not an idx file"),
    ("idx", "images", unzipped(half), r"cut short: its header promises 76 bytes .*holds 38"),
    ("idx", "images", unzipped(lambda b: b + b"!"), "longer than its header says"),
    ("idx", "images", becomes(PNG), "it starts with 89 50 4e 47, not with 00 00"),
    ("idx", "images", becomes(b""), "it starts with nothing"),
    ("idx", "images", becomes(b"\0\0\x08\x03\0\0"), "cut short inside its header of 16 bytes"),
    ("idx", "images", becomes(gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12)), "can hold"),
    ("idx", "images", becomes(idx_bytes(IMAGES[0])), r"holds uint8 \(4, 5\), not 8-bit images"),
    ("idx", "labels", becomes(idx_bytes(IMAGES[0, 0])), "not one label for each of the 3 images"),
    ("cifar", "archive", half, "is not a tar archive of CIFAR-10 batches"),
    ("cifar", "archive", becomes(ZIP), "is not a tar archive of CIFAR-10 batches"),
    ("cifar", "archive", becomes(tar_bytes({"a/test_batch": BATCH})), "has no batch named"),
    ("cifar", "archive", archive_of(half(BATCH)), "data_batch_1 is not a batch.*damaged"),
    ("cifar", "archive", archive_of(BATCH.replace(b"labels", b"lapels")), "has no 'labels'"),
    ("cifar", "archive", archive_of(python2_batch(PIXELS, [6, 10])), "'labels' from 0 to 9"),
    ("cifar", "archive", archive_of(python2_batch(PIXELS[:, :99], [6, 9])), "3072 bytes per"),
    ("cifar", "archive", archive_of(pickle.dumps([1, 2], 2)), "holds a list, not a batch"),
    ("medmnist", "archive", half, "is not a MedMNIST npz archive"),
    ("medmnist", "archive", flipped, "is not a MedMNIST npz archive"),
    ("medmnist", "archive", becomes(PNG), "is not a MedMNIST npz archive"),
    ("conll", "sentences", half, r"line 6: .* is not 4 columns that start with a token"),
    ("conll", "sentences", replaced(b"I-ORG", b"X-ORG"), "line 3: .*X-ORG.*a tag"),
    ("conll", "sentences", becomes(b"{}"), "line 1: '{}' is not 2 columns"),
    ("conll", "sentences", becomes(PNG), "is not utf-8 text: byte 0 is wrong"),
    ("conll", "sentences", becomes(b"-DOCSTART- -X- O O\n\n"), "holds no sentence"),
    ("phrasebank", "sentences", half, "line 1: .* does not end with @negative, @neutral or"),
    ("phrasebank", "sentences", replaced(b"@positive", b"@bullish"), "line 1: .*@bullish"),
    ("phrasebank", "sentences", becomes(b"text,label\n"), "line 1: 'text,label' does not end"),
    ("phrasebank", "sentences", becomes(b"a\0b@neutral"), "not a text file: it holds a zero"),
    ("labelled_text", "table", half, "unexpected end of data"),
    ("labelled_text", "table", replaced(b"top_up", b"topup"), r"line 4: .* one of the 2 classes"),
    ("labelled_text", "table", becomes(b"a,b,c\n1,2,3\n"), r"columns \['a', 'b', 'c'\], not"),
    ("labelled_text", "table", becomes(b"text,category\n"), "has a header and no rows"),
    ("labelled_text", "categories", half, "is not a JSON list of class names"),
    ("labelled_text", "categories", becomes(b'{"card": 0}'), "is not a JSON list of class"),
    ("labelled_text", "categories", becomes(b'["card", "card"]'), "names a class twice"),
    ("plain_text", "text", becomes(b""), "is empty"),
    ("plain_text", "text", replaced(b"Citizen", b"Citi\xffen"), "byte 10 is wrong"),
    ("plain_text", "text", becomes(PNG), "is not utf-8 text"),
    ("plain_text", "text", becomes(b"x"), "too short to be divided: 1 characters"),
    ("qasm", "bell", lambda b: b[:-9], "cut short: its last statement does not end with a semi"),
    ("qasm", "bell", replaced(b"OPENQASM 2.0;", b""), "does not start with 'OPENQASM 2.0;'"),
    ("qasm", "bell", replaced(b"qelib1.inc", b"/etc/passwd"), "includes '/etc/passwd'"),
    ("qasm", "bell", replaced(b"qreg q[2];", b""), "declares no quantum register"),
    ("table", "table", half, "is not a table of the declared columns"),
    ("table", "table", replaced(b"load,label", b"load,lapel"), r"has the columns .*lapel"),
    ("table", "table", replaced(b"A2", b"A9"), "'kind' has the unknown code 'A9'"),
    ("table", "table", replaced(b"1.5", b"1.5x"), "is not a table of the declared columns"),
    ("table", "table", replaced(b"1.5,0", b"1.5,0,7"), "is not a table of the declared columns"),
    ("table", "table", replaced(b"1.5,0", b"1.5"), "is not a table of the declared columns"),
    ("table", "table", replaced(b"1.5", b"inf"), r"row 1: 'load' has no value of kind number"),
    ("table", "table", replaced(b"?,1", b"?,2"), r"'label' is 2, not one of \[0, 1\]"),
    ("table", "table", replaced(b"2020-01-01 01", b"2020-13-01 01"), "'when' is not written as"),
    ("table", "table", becomes(PNG), "is not utf-8 text"),
    ("movielens", "ratings", lambda b: b[:30], "is not a table of the declared columns"),
    ("movielens", "ratings", replaced(b"\t3\t", b"\t7\t"), "not 0.5, 1, …, 5 stars"),
    ("movielens", "ratings", lambda b: b + b[:20], "two ratings of one movie by one user"),
    ("movielens", "ratings", becomes(b"userId,movieId\n1,2\n"), "has the columns"),
    ("movielens:zip", "ratings", half, "is not"),
    ("movielens:zip", "ratings", replaced(b"u.data", b"u.item"), "is not a file of MovieLens"),
    ("ucr", "series", lambda b: b[:-5], "is not a table of numbers"),
    ("ucr", "series", replaced(b"0.5", b"nan"), r"row 1, column 2: the number is not finite"),
    ("ucr", "series", replaced(b"2.0e+00", b"6.0e+00"), "whole numbers from 1 to 5"),
    ("ucr", "series", replaced(b"2.0e+00", b"2.5e+00"), "whole numbers from 1 to 5"),
    ("ucr", "series", becomes(b"1,2,3\n"), "is not a table of numbers"),
    ("ucr", "series", becomes(b"1 2\n"), "has 2 columns, not 4"),
    ("cmapss", "series", lambda b: b[:-20], "is not a table of numbers"),
    ("cmapss", "series", replaced(b"\n1 2 ", b"\n1 4 "), "row 2: engines and cycles must count"),
    ("cmapss", "series", becomes(b"112\n98\n"), "has 1 columns, not 26"),
    ("cmapss", "lives", half, "has 1 lives for 2 engines"),
    ("cmapss", "lives", replaced(b"98", b"-8"), "or a negative one"),
    ("traffic_graph", "speeds", lambda b: b[:-2], "is not a table of numbers"),
    ("traffic_graph", "speeds", replaced(b"64", b"-64"), "holds a negative speed"),
    ("traffic_graph", "speeds", replaced(b"767541", b"773869"), "does not name different"),
    ("traffic_graph", "speeds", becomes(b"773869,767541\n"), "has no rows of numbers"),
    ("traffic_graph:adjacency", "adjacency", lambda b: b[:7], "is 1 × 2, not a square matrix"),
    ("traffic_graph:adjacency", "adjacency", replaced(b"0.39", b"39"), "weights outside 0 to 1"),
    ("traffic_graph:adjacency", "adjacency", becomes(PNG), "is not ascii text"),
    ("wfdb_record", "signals", half, "is cut short: 135 bytes, but s1.hea says 270"),
    ("wfdb_record", "signals", flipped, "is altered: its samples do not add up"),
    ("wfdb_record", "header", becomes(b"name,rate\n"), "does not start with a record's name"),
    ("wfdb_record", "header", replaced(b"s1.dat 212", b"x1.dat 212"), "does not describe 2 leads"),
    ("wfdb_record", "header", replaced(b" 90", b" 99999999"), "but s1.hea says 299,999,997"),
    ("wfdb_record", "annotations", becomes(b"\0\0"), "has no annotation"),
    ("images", "archive", half, "is not a tar archive of images"),
    ("images", "archive", becomes(ZIP), "is not a tar archive of images"),
    ("images", "archive", becomes(tar_bytes({"frames/1.png": b"GIF89a"})), "is not a whole JPEG"),
    ("images", "archive", becomes(tar_bytes({"frames/1.png": half(GREY)})), "not a whole JPEG"),
    ("images", "archive", becomes(tar_bytes({"frames/1.png": GREY})), "holds 0 masks for 1 frames"),
    ("images", "archive", becomes(tar_bytes({"a.txt": b"x"})), "holds no frames named"),
]  # fmt: skip


def test_every_format_has_at_least_three_faults() -> None:
    faults = Counter(sample for sample, *_ in BAD)
    assert min(faults[sample] for sample in SAMPLES if sample != "movielens:zip") >= 3


@pytest.mark.parametrize(
    ("sample", "role", "damage", "sentence"), BAD, ids=[f"{s}-{m[:40]}" for s, _, _, m in BAD]
)
def test_a_bad_file_is_refused_in_a_sentence_that_names_it(
    sample: str, role: str, damage: Damage, sentence: str, tmp_path: Path
) -> None:
    arguments = SAMPLES[sample](tmp_path)
    arguments[role].write_bytes(damage(arguments[role].read_bytes()))
    with pytest.raises(DataError, match=sentence) as caught:
        read(sample, arguments)
    assert arguments[role].name in str(caught.value)


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_absent_file_is_a_data_error(sample: str, tmp_path: Path) -> None:
    arguments = SAMPLES[sample](tmp_path)
    path = next(value for value in arguments.values() if isinstance(value, Path))
    path.unlink()
    with pytest.raises(DataError, match=re.escape(path.name)):
        read(sample, arguments)


# ------------------------------------------------------------------ anything at all
edits = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["set", "cut", "insert"]), st.binary(max_size=9)),
    min_size=1,
    max_size=4,
)


def edit(content: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    for place, how, new in changes:
        at = int(place * len(content))
        rest = content[at + len(new) :] if how == "set" else content[at:]
        content = content[:at] + (b"" if how == "cut" else new + rest)
    return content


@pytest.mark.parametrize("sample", SAMPLES)
@settings(
    max_examples=40, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=edits, inside=st.booleans(), which=st.integers(0, 2))
@example(changes=[(0.0, "cut", b"")], inside=False, which=0)
def test_whatever_a_file_holds_a_reader_returns_or_raises_data_error(
    sample: str, tmp_path: Path, changes: list[Any], inside: bool, which: int
) -> None:
    arguments = SAMPLES[sample](tmp_path)
    paths = [value for value in arguments.values() if isinstance(value, Path)]
    path = paths[which % len(paths)]
    content = path.read_bytes()
    if inside and content[:2] == b"\x1f\x8b":  # behind the checksum of gzip
        path.write_bytes(gzip.compress(edit(gzip.decompress(content), changes), 1))
    else:
        path.write_bytes(edit(content, changes))
    with contextlib.suppress(DataError):
        parts = read(sample, arguments)
        assert len(parts.inputs) == len(parts.targets)
