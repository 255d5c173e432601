"""How a word is written, apart from its letters: in capitals, with digits, as an address."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from labkit.data.prepare.text.vocabulary import Vocabulary

__all__ = ["WORD_SHAPES", "character_rows", "find_words", "plain_word", "word_shape"]

#: The shapes that `word_shape` tells apart; 0 is left for padding.
WORD_SHAPES = (
    "padding",
    "lower",
    "Capitalised",
    "UPPER",
    "mixedCase",
    "letters and digits",
    "number",
    "punctuation",
    "@user",
    "#tag",
    "address",
)
_ADDRESS = re.compile(r"(?:https?:|www\.)\S*|\S+\.(?:com|org|net|ly|co)(?:/\S*)?", re.IGNORECASE)
_USER = re.compile(r"@\w+")
_TAG = re.compile(r"#\w+")


def word_shape(word: str) -> int:
    """The number of the word's shape in `WORD_SHAPES`.

    Example:
        >>> [WORD_SHAPES[word_shape(word)] for word in ("Paris", "iPhone", "B2B", "3.5", "#nlp")]
        ['Capitalised', 'mixedCase', 'letters and digits', 'number', '#tag']
    """
    return WORD_SHAPES.index(_shape_name(word))


def _shape_name(word: str) -> str:
    special = ((_USER, "@user"), (_TAG, "#tag"), (_ADDRESS, "address"))
    for pattern, name in special:
        if pattern.fullmatch(word):
            return name
    letters = [char for char in word if char.isalpha()]
    if any(char.isdigit() for char in word):
        return "letters and digits" if letters else "number"
    if not letters:
        return "punctuation"
    return _casing("".join(letters))


def _casing(letters: str) -> str:
    if letters == letters.lower():
        return "lower"
    if letters == letters.upper():
        return "UPPER" if len(letters) > 1 else "Capitalised"
    rest = letters[1:]
    return "Capitalised" if letters[0].isupper() and rest == rest.lower() else "mixedCase"


def plain_word(word: str) -> str:
    """The word as a vocabulary counts it: lower case, every digit 0, one form for each address.

    Example:
        >>> [plain_word(word) for word in ("Paris", "1984", "@ada", "https://t.co/x")]
        ['paris', '0000', '[user]', '[address]']
    """
    if _USER.fullmatch(word):
        return "[user]"
    if _ADDRESS.fullmatch(word):
        return "[address]"
    return re.sub(r"\d", "0", word.lower())


def character_rows(words: Sequence[str], characters: Vocabulary, length: int) -> np.ndarray:
    """``[n, length]`` the numbers of each word's characters, 0 after its end.

    A word that is too long keeps its beginning and its end, where names and endings show.

    Example:
        >>> letters = Vocabulary.build(["abc"])
        >>> character_rows(["ab", "abcabc"], letters, 4).tolist()
        [[2, 3, 0, 0], [2, 3, 3, 4]]
    """
    rows = np.zeros((len(words), length), np.int32)
    head = length // 2
    for row, word in zip(rows, words, strict=True):
        kept = word if len(word) <= length else word[:head] + word[len(word) - length + head :]
        row[: len(kept)] = characters.encode(kept)
    return rows


_WORD = re.compile(
    r"(?:https?:|www\.)\S+|[@#]\w+|\d+(?:[.,:]\d+)*|\w+(?:-\w+)*?(?=n't\b)|n't\b|'\w+|\w+(?:-\w+)*|\S",
    re.IGNORECASE,
)


def find_words(text: str) -> tuple[tuple[int, int], ...]:
    """Where the words of a raw text begin and end, as the tagged corpora cut them.

    Example:
        >>> text = "Ana's at #nlp, isn't she?"
        >>> [text[start:end] for start, end in find_words(text)]
        ['Ana', "'s", 'at', '#nlp', ',', 'is', "n't", 'she', '?']
    """
    return tuple(match.span() for match in _WORD.finditer(text))
