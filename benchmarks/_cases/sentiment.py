"""Financial sentiment: a lexicon, counted words and a fine-tuned encoder, at home and abroad."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks._cases import Study, Trained
from labkit import evaluate, models
from labkit.cases import sentiment
from labkit.cases.readers import Labelled


@functools.cache
def _encoder() -> models.SentenceEncoder:
    return models.SentenceEncoder()


@functools.cache
def _texts(dataset: str) -> Labelled:
    return sentiment.without_copies(sentiment.headlines(dataset))[0]


def _scores(
    predict: Callable[[Sequence[str]], np.ndarray], asked: Labelled, name: str, where: str = ""
) -> dict[str, float]:
    """Accuracy and macro F1 under these names."""
    predicted = np.asarray(predict(asked.texts)).astype(np.int64)
    report = evaluate.classification_report(
        asked.labels, predicted, class_names=sentiment.SENTIMENTS
    )
    return {
        f"accuracy of the {name}{where}": report.accuracy,
        f"macro F1 of the {name}{where}": report.macro_f1,
    }


def _train(home: str, abroad: str, abroad_called: str, seed: int, folder: Path) -> Trained:
    """Divided by the seed; learned from 70 %, chosen on 10 %, scored once on 20 % and abroad."""
    sides = sentiment.divide(_texts(home), seed=seed)
    lexicon = models.DirectionLexicon.financial()
    counted = sentiment.tune_words(sides)
    both = sentiment.tune_words(sides, beside=lexicon.counts)
    reader = sentiment.train_encoder(sides.train, _encoder(), checkpoint_dir=folder, seed=seed)
    scores: dict[str, float] = {}
    ways = {
        "fine-tuned encoder": reader.predict,
        "counted words": counted.model.predict,
        "words and lexicon": both.model.predict,
        "lexicon": lexicon.predict,
    }
    for name, predict in ways.items():
        scores |= _scores(predict, sides.test, name)
        scores |= _scores(predict, _texts(abroad), name, f" on {abroad_called}")
    chosen_by = _scores(reader.predict, sides.validation, "encoder", " on validation")
    return Trained(
        scores,
        reader.train_s,
        {"C": counted.strength, "C_beside_lexicon": both.strength, **chosen_by},
    )


def _goals(abroad_called: str, accuracy: float | None) -> dict[str, float | None]:
    names = ("fine-tuned encoder", "counted words", "words and lexicon", "lexicon")
    goals: dict[str, float | None] = {}
    for name in names:
        for where in ("", f" on {abroad_called}"):
            goals |= dict.fromkeys(
                (f"accuracy of the {name}{where}", f"macro F1 of the {name}{where}")
            )
    return goals | {"accuracy of the fine-tuned encoder": accuracy}


_DIVISION = (
    "no official test part: by the seed, 20 % of the groups of texts that are alike (Jaccard 0.5), "
    "stratified; what is scored abroad is the whole other set"
)
_CHOSEN = (
    "counted words: C of 0.3 to 100, six values, by macro F1 on the validation part; the "
    "encoder: one recipe, rate 1e-4, 3 epochs, nothing else tried"
)

STUDIES = {
    "phrasebank": Study(
        data=f"Financial PhraseBank, 75 % agreement, 3,447 sentences without copies; {_DIVISION}",
        goals=_goals("Twitter", 0.90),
        chosen=_CHOSEN,
        train=functools.partial(
            _train, "financial_phrasebank", "twitter_financial_news", "Twitter"
        ),
    ),
    "twitter_financial": Study(
        data=f"Twitter financial news, validation part, 2,377 posts without copies; {_DIVISION}",
        goals=_goals("PhraseBank", None),
        chosen=_CHOSEN,
        train=functools.partial(
            _train, "twitter_financial_news", "financial_phrasebank", "PhraseBank"
        ),
    ),
}
