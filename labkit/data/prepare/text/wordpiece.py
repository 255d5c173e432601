"""WordPiece, read from and written to a ``tokenizer.json`` that Hugging Face reads too."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from labkit.data.prepare.text.vocabulary import PAD, UNKNOWN
from labkit.errors import ArgumentError, DataError

__all__ = ["WordPieceTokenizer"]


class WordPieceTokenizer:
    """Words, or their longest known pieces from left to right, as BERT's tokeniser makes them.

    Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3; the work is done
        by the ``tokenizers`` library, so files and numbers are compatible.

    Example:
        >>> texts = ["the card is lost", "the cards are lost"] * 9
        >>> tokenizer = WordPieceTokenizer.train(texts, vocabulary_size=60)
        >>> tokenizer.decode(tokenizer.encode("The CARD"))
        'the card'
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def train(cls, texts: Iterable[str], *, vocabulary_size: int) -> WordPieceTokenizer:
        """Learn pieces from texts, lower case and without accents.

        Raises:
            ArgumentError: a vocabulary without room for its special tokens.
        """
        from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

        special = [PAD, UNKNOWN, "[CLS]", "[SEP]", "[MASK]"]
        if vocabulary_size <= len(special):
            required = f"above the {len(special)} special tokens"
            raise ArgumentError("vocabulary_size", required=required, got=vocabulary_size)
        tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(
            vocab_size=vocabulary_size, special_tokens=special, show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> WordPieceTokenizer:
        """Read a ``tokenizer.json``.

        Raises:
            DataError: the file is missing, is not one, or holds another kind of model.
        """
        from tokenizers import Tokenizer, models

        if not Path(path).is_file():
            raise DataError(f"{path} does not exist. Save one with WordPieceTokenizer.save.")
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as problem:  # the library raises Exception itself
            raise DataError(f"{path} is not a tokenizer.json: {problem}") from problem
        if not isinstance(tokenizer.model, models.WordPiece):
            kind = type(tokenizer.model).__name__
            raise DataError(f"{path} holds a {kind} model, but WordPiece is needed.")
        return cls(tokenizer)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a ``tokenizer.json``."""
        self._tokenizer.save(str(path))

    @property
    def vocabulary_size(self) -> int:
        """Pieces and special tokens."""
        return self._tokenizer.get_vocab_size()

    @property
    def vocabulary(self) -> dict[str, int]:
        """The number of each piece; ``##`` marks one that goes on within a word."""
        return self._tokenizer.get_vocab()

    def encode(self, text: str) -> list[int]:
        """The numbers of the pieces, without special tokens around them."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, numbers: Sequence[int]) -> str:
        """The text, as far as lower case and pieces keep it."""
        return self._tokenizer.decode(list(numbers))
