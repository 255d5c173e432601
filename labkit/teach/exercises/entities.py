"""Exercises of notebook 21: whole entities, and tags that follow each other."""

from __future__ import annotations

from collections.abc import Collection

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]


def _f1(true: Collection, found: Collection) -> float:
    both = len(set(true) & set(found))
    return 2 * both / (len(true) + len(found)) if both else 0.0


def _overlapping(true: Collection, found: Collection) -> float:
    hits = sum(any(a[0] < b[1] and b[0] < a[1] for b in true) for a in found)
    return 2 * hits / (len(true) + len(found)) if hits else 0.0


_A, _B, _C = (0, 2, "person"), (4, 5, "location"), (7, 9, "product")
_CASES = [
    ([_A, _B, _C], [_A, (4, 6, "location")]),
    ([_A, _B], [_A, _B, _C]),
    ([_A], [(0, 2, "location")]),
    ([_A, _B, _C], [_C, _A]),
    ([_A], []),
]

F1_BY_HAND = Exercise(
    name="entities.f1_by_hand",
    prompt=(
        "Write a function of two lists of entities, the true ones and those found, each entity a "
        "tuple `(start, end, kind)`, that returns the F1 of whole entities; 0 if none is right."
    ),
    judge=judges.function(
        _f1,
        _CASES,
        traps=[
            (_overlapping, "An entity counts only if its kind and both its ends are right."),
            (
                lambda t, f: len(set(t) & set(f)) / len(f) if f else 0.0,
                "That is the precision: of those found, the share that is right.",
            ),
            (
                lambda t, f: len(set(t) & set(f)) / len(t),
                "That is the recall: of the true ones, the share that is found.",
            ),
            (
                lambda t, f: (
                    (len(set(t) & set(f)) / len(t) + len(set(t) & set(f)) / len(f)) / 2
                    if f
                    else 0.0
                ),
                "That is the plain mean of precision and recall; F1 is their harmonic mean.",
            ),
        ],
    ),
    hints=(
        "How many tuples are in both lists? Precision divides by the found, recall by the true.",
        "The harmonic mean of h/f and h/t is 2 h / (f + t).",
    ),
    solution=(
        "def f1(true, found):\n"
        "    hits = len(set(true) & set(found))\n"
        "    return 2 * hits / (len(true) + len(found)) if hits else 0.0"
    ),
    praise="One wrong end costs twice: an entity missed and an entity invented.",
)

ALLOWED_MOVES = Exercise(
    name="entities.allowed_moves",
    prompt=(
        "There are three kinds of entity, and so seven tags: `O`, and `B-` and `I-` of each. Of "
        "the 49 pairs (a tag, the tag after it), how many does IOB2 allow?"
    ),
    judge=judges.number(
        34,
        rel=1e-9,
        unit="pairs",
        traps={
            49.0: "I-person after B-location goes on with nothing: some pairs are forbidden.",
            28.0: "O and B- may follow anything; I- may follow something too.",
            31.0: "I-person may follow B-person, and I-person as well.",
            40.0: "I- tags may not follow O either.",
        },
    ),
    hints=(
        "O and the three B- tags may follow any of the seven tags. What may stand before I-person?",
        "4 × 7 pairs end in O or B-; each of the three I- tags may follow two tags.",
    ),
    solution="4 * 7 + 3 * 2",
    praise="The CRF has 49 scores to learn; the 15 forbidden ones are ruled out when it decodes.",
)

WAYS_TO_TAG = Exercise(
    name="entities.ways_to_tag",
    prompt=(
        "A sentence has 20 words, each may have one of 13 tags, and the score of a tag depends on "
        "the tag before it. The best of the 13²⁰ ways to tag it is found by the Viterbi algorithm. "
        "How many pairs (a tag, the tag after it) does that algorithm look at?"
    ),
    judge=judges.number(
        19 * 13 * 13,
        rel=1e-9,
        unit="pairs",
        traps={
            float(13**20): "That is the number of ways. The algorithm keeps only the best way to "
            "each tag of a word.",
            float(20 * 13 * 13): "Twenty words have nineteen gaps between them.",
            float(20 * 13): "That counts the tags, not the pairs.",
            float(19 * 13): "Each of the 13 tags of a word is reached from 13 tags before it.",
        },
    ),
    hints=(
        "Between two neighbouring words, how many pairs of tags are there?",
        "169 pairs in each of 19 gaps.",
    ),
    solution="19 * 13 * 13",
    praise="Linear in the length: a long sentence costs no more for each word than a short one.",
)

WHICH_SCORE = Exercise(
    name="entities.which_score",
    prompt=(
        "93 of 100 words are no name. Three taggers are offered to you, each with one figure: A "
        "has 0.95 `accuracy` of words, B has 0.95 `weighted` F1 of words, C has 0.45 `entity` F1. "
        "Which of the three figures shows that the tagger finds names at all? Answer with its name."
    ),
    judge=judges.choice(
        "entity",
        among=("accuracy", "weighted", "entity"),
        traps={
            "accuracy": "A tagger that never finds a name has 0.93 of it.",
            "weighted": "The weights are the words of each tag, and nearly all are O.",
        },
    ),
    hints=(
        "What would a program that always says O score in each?",
        "Always O: accuracy 0.93, weighted F1 about 0.90, entity F1 0.",
    ),
    solution='"entity"',
    praise="A low figure of the right kind says more than a high one of the wrong kind.",
)

EXERCISES = (F1_BY_HAND, ALLOWED_MOVES, WAYS_TO_TAG, WHICH_SCORE)
