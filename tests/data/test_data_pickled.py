"""A pickle is read and never run: hostile programs, damaged ones, and honest data."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_samples import PIXELS, python2_batch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit.data.formats.cifar import read_batch
from labkit.data.formats.pickled import read_pickled
from labkit.errors import DataError


class Touch:
    """Unpickling this makes a folder: the classic attack."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {b"data": x}, lambda x: [[x]]])
def test_code_in_a_pickle_does_not_run(tmp_path: Path, protocol: int, wrap: Any) -> None:
    hostile = pickle.dumps(wrap(Touch(tmp_path / "touched")), protocol)
    pickle.loads(hostile)  # it would
    (tmp_path / "touched").rmdir()
    with pytest.raises(DataError, match=r"refused|does not need"):
        read_pickled(hostile)
    assert not (tmp_path / "touched").exists()


HOSTILE = {
    "a name beside the array's": b"cnumpy.core.multiarray\nscalar\n.",
    "another name in numpy": b"cnumpy\nload\nU\x01x\x85R.",
    "INST": b"(U\x02idios\nsystem\n.",
    "OBJ": b"(cnumpy\ndtype\nU\x02u1o.",
    "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "EXT1": b"\x82\x01.",
    "PERSID": b"Pname\n.",
    "NEWOBJ": b"cnumpy\nndarray\n)\x81.",
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_other_ways_to_call_are_refused(hostile: bytes) -> None:
    with pytest.raises(DataError, match=r"refused|does not need"):
        read_pickled(hostile)


def _array_of(shape: bytes, content: bytes) -> bytes:
    start = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01" + shape
    return start + b"cnumpy\ndtype\nU\x02u1\x85R\x89" + content + b"tb."


NESTED = b")" + b"q\x00h\x00\x86" * 200  # a pair of a pair of a pair … 2 ** 200 leaves
GREEDY = {
    "a tuple as a key": b"}" + NESTED + b"Ns.",
    "a tuple as a type": _array_of(b"K\x01\x85", b"U\x01x").replace(b"U\x02u1", NESTED),
    "a size that multiplies a tuple": _array_of(b"J\xff\xff\xff\x7fK\x01\x85\x86", b"U\x01x"),
    "a huge shape": _array_of((b"J\xff\xff\xff\x7f" * 3) + b"\x87", b"U\x01x"),
    "two negative sizes": _array_of(b"J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86", b"U\x01x"),
    "a huge memo": b"Nr\xff\xff\xff\x7f0.",
    "a string longer than the file": b"T" + struct.pack("<i", 2**31 - 1) + b"abc.",
    "an element that is no number": _array_of(b"U\x01a\x85", b"U\x01x"),
    "content that is no string": _array_of(b"K\x01\x85", b"K\x01"),
}


@pytest.mark.parametrize("greedy", GREEDY.values(), ids=GREEDY)
def test_a_small_file_cannot_take_much_time_or_memory(greedy: bytes) -> None:
    start = time.perf_counter()
    with pytest.raises(DataError, match=r"The pickle"):
        read_pickled(greedy)
    assert time.perf_counter() - start < 1.0  # the honest sample takes a millisecond


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=5,
)


@settings(max_examples=50, deadline=5000)
@given(value=values, protocol=st.sampled_from([2, 3]))
@example(value={"labels": [6, 9], "name": ("a", 1.5, b"\x80")}, protocol=3)
def test_honest_data_comes_back_as_pickle_reads_it(value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    assert read_pickled(content) == pickle.loads(content)


def test_a_batch_comes_back_as_pickle_reads_it() -> None:
    content = python2_batch(PIXELS, [6, 9])
    truth = pickle.loads(content, encoding="bytes")
    batch = read_pickled(content)
    np.testing.assert_array_equal(batch[b"data"], truth[b"data"])
    assert batch[b"labels"] == truth[b"labels"]


def test_a_batch_becomes_images_channel_by_channel() -> None:
    images, labels = read_batch(python2_batch(PIXELS, [6, 9]))
    assert images.shape == (2, 32, 32, 3)
    assert images.dtype == np.uint8
    assert labels.tolist() == [6, 9]
    # image 1, row 2, column 3, green: 3072 + 1024 + 2 * 32 + 3, modulo 256 as written
    assert images[1, 2, 3, 1] == (3072 + 1024 + 67) % 256


@settings(max_examples=80, deadline=5000)
@given(
    cut=st.integers(0, 300), new=st.binary(max_size=12), at=st.integers(0, 260), tail=st.booleans()
)
def test_a_damaged_batch_is_read_or_refused(cut: int, new: bytes, at: int, tail: bool) -> None:
    content = python2_batch(PIXELS[:, :30], [6, 9])
    content = content[:at] + new + content[at + (cut if tail else len(new)) :]
    with contextlib.suppress(DataError):
        read_pickled(content)
