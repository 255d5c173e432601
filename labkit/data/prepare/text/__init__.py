"""Text: one spelling, tokens and their numbers, equal lengths, no personal data."""

from labkit.data.prepare.text.alike import alike_groups
from labkit.data.prepare.text.names import given_names, learn_names
from labkit.data.prepare.text.normalising import normalise
from labkit.data.prepare.text.padding import Padded, bucket_batches, pad_sequences
from labkit.data.prepare.text.personal import (
    PersonalData,
    SpanScore,
    find_personal_data,
    mask_personal_data,
    passes_iban,
    passes_luhn,
    score_spans,
)
from labkit.data.prepare.text.planted import planted_messages
from labkit.data.prepare.text.shapes import (
    WORD_SHAPES,
    character_rows,
    find_words,
    plain_word,
    word_shape,
)
from labkit.data.prepare.text.tags import allowed_moves, tag_rows
from labkit.data.prepare.text.tokens import BytePairTokenizer, CharacterTokenizer, Tokenizer
from labkit.data.prepare.text.vocabulary import PAD, UNKNOWN, Vocabulary
from labkit.data.prepare.text.wordpiece import WordPieceTokenizer

__all__ = [
    "PAD",
    "UNKNOWN",
    "WORD_SHAPES",
    "BytePairTokenizer",
    "CharacterTokenizer",
    "Padded",
    "PersonalData",
    "SpanScore",
    "Tokenizer",
    "Vocabulary",
    "WordPieceTokenizer",
    "alike_groups",
    "allowed_moves",
    "bucket_batches",
    "character_rows",
    "find_personal_data",
    "find_words",
    "given_names",
    "learn_names",
    "mask_personal_data",
    "normalise",
    "pad_sequences",
    "passes_iban",
    "passes_luhn",
    "plain_word",
    "planted_messages",
    "score_spans",
    "tag_rows",
    "word_shape",
]
