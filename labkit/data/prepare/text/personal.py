"""Personal data in text: found by form and check digits, masked, and the masker measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from labkit.data.prepare.text.names import find_names, given_names

__all__ = [
    "PersonalData",
    "SpanScore",
    "find_personal_data",
    "mask_personal_data",
    "passes_iban",
    "passes_luhn",
    "score_spans",
]


class PersonalData(NamedTuple):
    """One piece of personal data: ``text[start:end]`` is an e-mail, card, IBAN, phone or name."""

    start: int
    end: int
    kind: str


class SpanScore(NamedTuple):
    """How well a masker finds one kind.

    Attributes:
        precision: share of the characters it masks that are personal data of any kind.
        recall: share of the characters of this kind that it masks, as whatever kind.
        characters: of this kind in the texts.
    """

    precision: float
    recall: float
    characters: int


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right.

    Source: ISO/IEC 7812-1, annex B (the Luhn formula).

    Example:
        >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
        (True, False)
    """
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def passes_iban(number: str) -> bool:
    """Whether the check digits of an IBAN are right.

    Source: ISO 13616-1; the remainder by 97 of ISO/IEC 7064 is 1.

    Example:
        >>> passes_iban("GB82WEST12345698765432"), passes_iban("GB82WEST12345698765433")
        (True, False)
    """
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_PHONE = re.compile(
    r"""(?<![\w.,$€£/-])(?:
      \+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}   # +44 20 7946 0958
    | \(\d{3}\)[ ]?\d{3}[ .-]\d{4}                           # (415) 555-2671
    | \d{3}[ .-]\d{3}[ .-]\d{4}                              # 415-555-2671
    | 0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}                        # 020 7946 0958
    )(?![\w/-])""",
    re.VERBOSE,
)


def find_personal_data(
    text: str, *, names: Collection[str] | None = None
) -> tuple[PersonalData, ...]:
    """E-mail addresses, card numbers, IBANs, phone numbers and names, in order of place.

    Numbers must have the form and, where there is one, the check digit: an order number
    of sixteen digits is left alone nine times in ten. A name is a capitalised word
    that is a known given name or follows a title or a greeting, with the capitalised
    words after it; a name with no such sign is missed, which is why it is measured.

    Args:
        text: any text.
        names: given names to know, in lower case; ``None`` for common ones.

    Example:
        >>> text = "I'm Ana Silva, mail ana@mail.pt"
        >>> [(text[start:end], kind) for start, end, kind in find_personal_data(text)]
        [('Ana Silva', 'NAME'), ('ana@mail.pt', 'EMAIL')]
    """
    known = given_names() if names is None else frozenset(names)
    found: list[PersonalData] = []
    for kind, matches in (
        ("EMAIL", _matches(_EMAIL, text)),
        ("IBAN", _matches(_IBAN, text, lambda s: passes_iban(s.replace(" ", "")))),
        ("CARD", _matches(_CARD, text, lambda s: passes_luhn(re.sub(r"\D", "", s)))),
        ("PHONE", _matches(_PHONE, text)),
        ("NAME", find_names(text, known)),
    ):
        for start, end in matches:
            if not any(start < other.end and other.start < end for other in found):
                found.append(PersonalData(start, end, kind))
    return tuple(sorted(found))


def mask_personal_data(text: str, *, names: Collection[str] | None = None) -> str:
    """The text with each piece of personal data replaced by its kind.

    Example:
        >>> mask_personal_data("Call Mary on +44 20 7946 0958 or pay with 4111 1111 1111 1111.")
        'Call [NAME] on [PHONE] or pay with [CARD].'
    """
    for start, end, kind in reversed(find_personal_data(text, names=names)):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def score_spans(
    found: Sequence[Sequence[PersonalData]], true: Sequence[Sequence[PersonalData]]
) -> dict[str, SpanScore]:
    """Precision and recall of a masker for each kind, counted in characters.

    Args:
        found: what the masker found in each text.
        true: what there is in each text.

    Example:
        >>> truth, guess = [PersonalData(0, 4, "NAME")], [PersonalData(2, 6, "NAME")]
        >>> score_spans([guess], [truth])["NAME"]
        SpanScore(precision=0.5, recall=0.5, characters=4)
    """
    kinds = sorted({span.kind for spans in (*found, *true) for span in spans})
    scores = {}
    for kind in kinds:
        guessed = covered = there = masked = 0
        for guess, truth in zip(found, true, strict=True):
            own_guess, own_truth = _places(guess, kind), _places(truth, kind)
            guessed, there = guessed + len(own_guess), there + len(own_truth)
            covered += len(own_guess & _places(truth))
            masked += len(own_truth & _places(guess))
        scores[kind] = SpanScore(
            covered / guessed if guessed else 1.0, masked / there if there else 1.0, there
        )
    return scores


def _places(spans: Sequence[PersonalData], kind: str | None = None) -> set[int]:
    return {i for s in spans if kind in (None, s.kind) for i in range(s.start, s.end)}


def _matches(
    pattern: re.Pattern[str], text: str, valid: Callable[[str], bool] = bool
) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text) if valid(match.group()))
