"""Names of people in text, by a list of given names and by what stands before a name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib import resources

__all__ = ["find_names", "given_names", "learn_names"]

_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’]*(?:-[A-ZÀ-ÖØ-Þ]\w*)*"
_INITIAL = r"[A-Z]\."
_NAME = re.compile(rf"{_WORD}(?: (?:{_INITIAL}|{_WORD}))*")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.? $")
_INTRODUCED = re.compile(
    r"(?:\bmy name is|\bname'?s|\bI am|\bI'm|\bthis is|\bspeak(?:ing)? (?:to|with)|\bask for|"
    r"\bin the name of|\bregards,?|\bthanks,|\bcheers,|^dear|^hi|^hello) $",
    re.IGNORECASE,
)
#: Words that begin a sentence or a greeting with a capital, and are not part of a name.
_CAPITALISED = (
    "i a an and as at be but by can could did do does for from get have he hello hi how if in is "
    "it it's i'm i've me my no not now of ok on or our please she so thank thanks that the their "
    "there these they this to we what when where which who why will with would yes you your dear "
    "mr mrs ms miss dr prof sir madam regards cheers call ask tell english american french "
    "january february march april june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
)
_NOT_A_NAME = frozenset(_CAPITALISED.split())


@cache
def given_names() -> frozenset[str]:
    """Common given names, in lower case; where they come from is said in their file."""
    facts = resources.files(__package__).joinpath("given_names.toml").read_text(encoding="utf-8")
    table = tomllib.loads(facts)
    return frozenset(name.lower() for name in table["names"].split())


def learn_names(
    sentences: Iterable[Sequence[str]], tags: Iterable[Sequence[str]], *, person: str = "person"
) -> frozenset[str]:
    """First words of the people tagged in sentences: a list of names for a domain.

    Args:
        sentences: the words of each sentence.
        tags: the tag of each word, ``B-`` and ``person`` (in any case) where a person begins.
        person: the label of people: ``person`` in WNUT-17, ``PER`` in CoNLL-2003.

    Example:
        >>> sorted(learn_names([["Zoe", "met", "Bo"]], [["B-PER", "O", "B-PER"]], person="PER"))
        ['bo', 'zoe']
    """
    begins = f"b-{person.lower()}"
    return frozenset(
        word.lower()
        for words, labels in zip(sentences, tags, strict=True)
        for word, label in zip(words, labels, strict=True)
        if label.lower() == begins and word[:1].isupper()
    )


def find_names(text: str, known: Collection[str]) -> Iterator[tuple[int, int]]:
    """Places of names: runs of capitalised words that begin with a sign of a name.

    Args:
        text: any text.
        known: given names in lower case.
    """
    for run in _NAME.finditer(text):
        words = list(re.finditer(r"\S+", run.group()))
        announced = _announced(text[: run.start()])
        for first, word in enumerate(words):
            bare = re.sub(r"['’]s$", "", word.group()).lower()
            if bare in _NOT_A_NAME:
                announced = announced or _announced(text[: run.start() + word.end()] + " ")
                continue
            if announced or bare in known:
                yield run.start() + word.start(), run.start() + _last(words[first:])
                break
            announced = False


def _announced(before: str) -> bool:
    return bool(_TITLE.search(before) or _INTRODUCED.search(before))


def _last(words: Sequence[re.Match[str]]) -> int:
    """Where a name ends that begins with the first of these words."""
    end = words[0].end()
    for word in words[1:4]:
        if word.group().lower() in _NOT_A_NAME:
            break
        end = word.end()
    name_end = words[0].string[:end]
    return end - len(name_end) + len(re.sub(r"['’]s$", "", name_end))
