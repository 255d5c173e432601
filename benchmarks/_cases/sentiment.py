"""Financial sentiment: a lexicon, counted words and an encoder, at home and on the other set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks._cases import Study, Trained
from labkit import evaluate, models
from labkit.cases import sentiment
from labkit.cases.readers import Labelled

_CALLED = {"financial_phrasebank": "PhraseBank", "twitter_financial_news": "Twitter"}
_CHUNK = 512  # texts embedded between two writings to the disk


@functools.cache
def _encoder() -> models.SentenceEncoder:
    return models.SentenceEncoder()


@functools.cache
def _lexicon() -> models.DirectionLexicon:
    return models.DirectionLexicon.financial()


@functools.cache
def _texts(dataset: str) -> Labelled:
    return sentiment.without_copies(sentiment.headlines(dataset))[0]


@functools.cache
def _vectors(path: Path) -> dict[str, np.ndarray]:
    """MiniLM's vector of every text of both sets, computed once; a killed run goes on."""
    known: dict[str, np.ndarray] = {}
    if path.exists():
        with np.load(path) as stored:
            known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
    missing = sorted({text for name in _CALLED for text in _texts(name).texts} - {*known})
    for start in range(0, len(missing), _CHUNK):
        some = missing[start : start + _CHUNK]
        known |= dict(zip(some, _encoder()(some), strict=True))
        np.savez(path, texts=np.array([*known]), vectors=np.stack([*known.values()]))
    return known


def _scores(
    predict: Callable[[Sequence[str]], np.ndarray], asked: Labelled, name: str, where: str = ""
) -> dict[str, float]:
    """Accuracy and macro F1 under these names."""
    predicted = np.asarray(predict(asked.texts)).astype(np.int64)
    report = evaluate.classification_report(
        asked.labels, predicted, class_names=sentiment.SENTIMENTS
    )
    return {
        f"accuracy of {name}{where}": report.accuracy,
        f"macro F1 of {name}{where}": report.macro_f1,
    }


def _frozen(home: str, abroad: str, seed: int, folder: Path) -> Trained:
    """What is counted, known and embedded, each added to the one before; nothing is fine-tuned."""
    sides, lexicon = sentiment.divide(_texts(home), seed=seed), _lexicon()
    known = _vectors(folder.parent / "minilm-sentiment.npz")

    def all_of_it(texts: Sequence[str]) -> np.ndarray:
        return np.hstack([lexicon.counts(texts), np.stack([known[text] for text in texts])])

    ways = {"counted words": None, "words and lexicon": lexicon.counts}
    ways["words, lexicon and frozen encoder"] = all_of_it
    scores, detail, train_s = {}, {}, 0.0
    for name, beside in ways.items():
        tuned = sentiment.tune_words(sides, beside=beside, balanced=False)
        train_s += tuned.train_s
        scores |= _scores(tuned.model.predict, sides.test, name)
        scores |= _scores(tuned.model.predict, _texts(abroad), name, f" on {_CALLED[abroad]}")
        detail |= {f"C, {name}": tuned.strength, f"validation, {name}": max(tuned.scores)}
    scores |= _scores(lexicon.predict, sides.test, "lexicon")
    return Trained(scores, train_s, detail)


def _fine_tuned(home: str, abroad: str, seed: int, folder: Path) -> Trained:
    """The encoder trained on; an epoch is stored, and a killed run goes on from it."""
    sides = sentiment.divide(_texts(home), seed=seed)
    reader = sentiment.train_encoder(sides.train, _encoder(), checkpoint_dir=folder, seed=seed)
    name = "fine-tuned encoder"
    scores = _scores(reader.predict, sides.test, name)
    scores |= _scores(reader.predict, _texts(abroad), name, f" on {_CALLED[abroad]}")
    checked = _scores(reader.predict, sides.validation, name, " on validation")
    return Trained(scores, reader.train_s, checked)


def _goals(names: Sequence[str], abroad: str, aimed: str, accuracy: float | None) -> dict:
    """Every score of these ways, and the goal of one."""
    places = ("", f" on {_CALLED[abroad]}")
    goals: dict[str, float | None] = {
        f"{score} of {name}{place}": None
        for name in names
        for place in places
        for score in ("accuracy", "macro F1")
    }
    return goals | {f"accuracy of {aimed}": accuracy}


_COUNTED = ("counted words", "words and lexicon", "words, lexicon and frozen encoder")
_DATA = {
    "financial_phrasebank": "Financial PhraseBank, 75 % agreement, 3,447 sentences without copies",
    "twitter_financial_news": "Twitter financial news, validation part, 2,377 without copies",
}
_DIVISION = (
    "no official test part: 70, 10 and 20 % of the groups of texts that are alike (Jaccard 0.5), "
    "stratified, by the seed; abroad the whole other set is scored"
)


def _studies(home: str, abroad: str, accuracy: float | None) -> dict[str, Study]:
    about = f"{_DATA[home]}; {_DIVISION}"
    short = home.removeprefix("financial_").removesuffix("_news")
    return {
        f"{short}_frozen": Study(
            data=about,
            goals={
                **_goals(_COUNTED, abroad, _COUNTED[-1], accuracy),
                "accuracy of lexicon": None,
                "macro F1 of lexicon": None,
            },
            chosen=(
                "C of 0.3 to 100, six values, by macro F1 on the validation part, by seed; classes "
                "weigh as they come. On seed 0 of PhraseBank the encoder's vectors were also tried "
                "three times as long, and the test scores were printed beside"
            ),
            train=functools.partial(_frozen, home, abroad),
        ),
        f"{short}_fine_tuned": Study(
            data=about,
            goals=_goals(("fine-tuned encoder",), abroad, "fine-tuned encoder", accuracy),
            chosen="one recipe, rate 1e-4, 3 epochs; nothing else tried",
            train=functools.partial(_fine_tuned, home, abroad),
        ),
    }


STUDIES = {
    **_studies("financial_phrasebank", "twitter_financial_news", 0.90),
    **_studies("twitter_financial_news", "financial_phrasebank", None),
}
