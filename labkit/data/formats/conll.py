"""CoNLL column files: one token per line, a blank line between sentences.

The first column is the token, the last its tag; CoNLL-2003 has four columns separated by spaces
(token, part of speech, chunk, entity) and ``-DOCSTART-`` lines, WNUT-17 has two separated by a tab.

Tags come in two dialects. In IOB2 (also called BIO) every entity starts with ``B-``; in IOB1
(the original CoNLL-2003) it starts with ``I-`` unless it touches another of its own type. Both
are returned as IOB2: an ``I-`` that continues no entity of its type starts one.

Source: E. F. Tjong Kim Sang, F. De Meulder, "Introduction to the CoNLL-2003 Shared Task", 2003,
section 2.3; E. F. Tjong Kim Sang, J. Veenstra, "Representing Text Chunks", EACL 1999.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_lines
from labkit.errors import DataError

__all__ = ["read_sentences", "read_split", "to_iob2"]

_TAG = re.compile(r"O|[BI]-\S+")

Sentence = tuple[tuple[str, ...], tuple[str, ...]]


def to_iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags of one sentence in IOB2, from IOB1 or IOB2.

    Example:
        >>> to_iob2(["I-PER", "I-PER", "O", "I-LOC", "B-LOC"])
        ('B-PER', 'I-PER', 'O', 'B-LOC', 'B-LOC')
    """
    if tags.count("O") == len(tags):  # most sentences of most corpora
        return tuple(tags)
    return tuple(
        f"B{tag[1:]}" if tag[0] == "I" and previous[1:] != tag[1:] else tag
        for previous, tag in zip(("O", *tags), tags, strict=False)
    )


@only_data_errors("a CoNLL column file")
def read_sentences(path: Path) -> list[Sentence]:
    """The (tokens, IOB2 tags) of every sentence of a file.

    Raises:
        DataError: a line has another number of columns than the first, or no valid tag.
    """
    sentences: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    width, valid = 0, set[str]()
    for number, line in enumerate((*read_lines(path), ""), 1):
        fields = line.split("\t") if "\t" in line else line.split()
        if not line.strip("\t \ufeff") or fields[0] == "-DOCSTART-":
            if tokens:
                sentences.append((tuple(tokens), to_iob2(tags)))
                tokens, tags = [], []
            continue
        width = width or max(2, len(fields))
        if fields[-1] not in valid and _TAG.fullmatch(fields[-1]):
            valid.add(fields[-1])
        if len(fields) != width or fields[-1] not in valid or not fields[0]:
            raise DataError(_fault(path, number, line, width))
        tokens.append(fields[0])
        tags.append(fields[-1])
    if not sentences:
        raise DataError(f"{path} holds no sentence.")
    return sentences


def _fault(path: Path, number: int, line: str, width: int) -> str:
    return (
        f"{path}, line {number}: {line[:60]!r} is not {width} columns that start with a token "
        "and end with a tag (O, B-type or I-type)."
    )


def read_split(sentences: Path) -> Parts:
    """One split of a tagged corpus.

    Returns:
        inputs: an object array [n] of token tuples; targets: an object array [n] of tuples of
        IOB2 tags; class_names: every tag that occurs, "O" first.
    """
    pairs = read_sentences(sentences)
    kinds = {tag for _, tags in pairs for tag in tags}
    return Parts(
        inputs=_tuples([tokens for tokens, _ in pairs]),
        targets=_tuples([tags for _, tags in pairs]),
        class_names=("O", *sorted(kinds - {"O"}, key=lambda tag: (tag[2:], tag))),
    )


def _tuples(rows: list[tuple[str, ...]]) -> np.ndarray:
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array
