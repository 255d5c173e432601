"""Words as taggers read them: shapes, plain forms, characters, tags as numbers; the sample."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.data.formats.conll import read_sentences, to_iob2
from labkit.data.prepare.text import (
    WORD_SHAPES,
    Vocabulary,
    allowed_moves,
    character_rows,
    find_words,
    plain_word,
    tag_rows,
    word_shape,
)
from labkit.errors import ArgumentError, DataError

SHAPES = {
    "lower": ["paris", "n't", "é"],
    "Capitalised": ["Paris", "I", "O'neill"],
    "UPPER": ["NASA", "U.S."],
    "mixedCase": ["iPhone", "McDonald"],
    "letters and digits": ["B2B", "4th"],
    "number": ["3.5", "12:30", "1,000"],
    "punctuation": ["...", ":-)", "😀"],
    "@user": ["@ada_l"],
    "#tag": ["#nlp"],
    "address": ["https://t.co/x", "www.a.org", "bit.ly/1"],
}


@pytest.mark.parametrize(("shape", "word"), [(s, w) for s, words in SHAPES.items() for w in words])
def test_shapes(shape: str, word: str) -> None:
    assert WORD_SHAPES[word_shape(word)] == shape


@given(st.text(min_size=1))
def test_every_word_has_a_shape_and_a_plain_form(word: str) -> None:
    assert 0 < word_shape(word) < len(WORD_SHAPES)
    assert plain_word(word)
    assert not any(char in "123456789" for char in plain_word(word))


@given(st.text())
def test_words_cover_all_that_is_no_space(text: str) -> None:
    places = find_words(text)
    assert all(start < end for start, end in places)
    assert all(one[1] <= other[0] for one, other in pairwise(places))
    covered = {i for start, end in places for i in range(start, end)}
    assert all(i in covered or char.isspace() for i, char in enumerate(text))


def test_a_long_word_keeps_both_ends() -> None:
    letters = Vocabulary.build(["abcdefgh"])
    (row,) = character_rows(["abcdefgh"], letters, 5)
    assert letters.decode(row.tolist()) == ["a", "b", "f", "g", "h"]


def test_allowed_moves_are_what_iob2_leaves_as_it_is() -> None:
    names = ("O", "B-a", "I-a", "B-b", "I-b")
    first, follows = allowed_moves(names)
    for i, one in enumerate(names):
        assert first[i] == (to_iob2([one]) == (one,))
        for j, other in enumerate(names):
            if first[i]:
                assert follows[i, j] == (to_iob2([one, other])[1] == other)
    assert follows[2].tolist() == follows[1].tolist()


def test_tags_become_numbers_and_unknown_ones_are_refused() -> None:
    assert tag_rows([["O", "B-a", "O"]], ("O", "B-a"), 2).tolist() == [[0, 1]]
    with pytest.raises(ArgumentError, match=r"tags must be of O, B-a, but .*B-c"):
        tag_rows([["B-c"]], ("O", "B-a"), 2)


def test_a_file_of_half_a_gzip_stream_is_refused(tmp_path) -> None:
    whole = gzip.compress(b"a\tO\n" * 500, mtime=0)
    (tmp_path / "good.gz").write_bytes(whole)
    assert len(read_sentences(tmp_path / "good.gz")[0][0]) == 500
    for name, raw in (("half.gz", whole[: len(whole) // 2]), ("none.gz", b"a\tO\n")):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(DataError, match=name):
            read_sentences(tmp_path / name)
