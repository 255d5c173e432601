"""Words and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from labkit.errors import ArgumentError

__all__ = ["PAD", "UNKNOWN", "Vocabulary"]

PAD, UNKNOWN = "[PAD]", "[UNK]"


@dataclass(frozen=True)
class Vocabulary:
    """Tokens in order of their numbers; ``[PAD]`` is 0 and ``[UNK]`` is 1.

    Build it from training texts only: a word that only the test set has is unknown, as it
    will be when the model is used.

    Example:
        >>> vocabulary = Vocabulary.build([["to", "be", "or", "not", "to", "be"]], at_least=2)
        >>> vocabulary.tokens, vocabulary.encode(["to", "err"])
        (('[PAD]', '[UNK]', 'be', 'to'), [3, 1])
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.tokens[:2] != (PAD, UNKNOWN) or len(set(self.tokens)) != len(self.tokens):
            required = f"distinct, {PAD!r} and {UNKNOWN!r} first"
            raise ArgumentError("tokens", required=required, got=self.tokens[:4])

    @classmethod
    def build(
        cls, texts: Iterable[Iterable[str]], *, at_most: int | None = None, at_least: int = 1
    ) -> Vocabulary:
        """The tokens of some texts, the most frequent first, equals in order of spelling.

        Args:
            texts: tokens of each text.
            at_most: size of the vocabulary, the two special tokens included.
            at_least: how often a token must occur.

        Raises:
            ArgumentError: no room for the special tokens.
        """
        if at_most is not None and at_most < 2:
            raise ArgumentError("at_most", required="at least 2", got=at_most)
        counts = Counter(token for text in texts for token in text)
        for special in (PAD, UNKNOWN):
            counts.pop(special, None)
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        kept = [token for token in ranked if counts[token] >= at_least]
        return cls((PAD, UNKNOWN, *kept)[:at_most])

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Number of each token."""
        return {token: number for number, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Numbers of tokens; that of ``[UNK]`` for one that is not in the vocabulary."""
        return [self.numbers.get(token, 1) for token in tokens]

    def decode(self, numbers: Sequence[int]) -> list[str]:
        """Tokens of numbers, padding left out."""
        return [self.tokens[number] for number in numbers if number != 0]
