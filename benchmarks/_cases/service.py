"""Customer service: banking77, the probe on frozen embeddings and the fine-tuned encoder."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._cases import Study, Trained
from labkit import models
from labkit.cases import readers, service


@functools.cache
def _encoder() -> models.SentenceEncoder:
    return models.SentenceEncoder()


def _vectors(texts: Sequence[str], folder: Path, name: str) -> np.ndarray:
    """Embeddings, computed once for all seeds."""
    path = folder.parent / f"minilm-{name}.npz"
    if path.exists():
        with np.load(path) as stored:
            known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
    else:
        known = {}
    if missing := sorted({*texts} - {*known}):
        known |= dict(zip(missing, _encoder()(missing), strict=True))
        np.savez(path, texts=np.array([*known]), vectors=np.stack([*known.values()]))
    return np.stack([known[text] for text in texts])


def _divided(seed: int, folder: Path) -> tuple[service.Bank, np.ndarray, np.ndarray]:
    """The questions, and MiniLM's vectors of those to learn from and of the official test part."""
    bank = service.prepare("banking77", seed=seed)
    parts = ((bank.train, "train"), (bank.test, "test"))
    known, asked = (_vectors(part.texts, folder, name) for part, name in parts)
    return bank, known, asked


def _probe(seed: int, folder: Path) -> Trained:
    """Nine tenths of the training questions, drawn by the seed; the test part scored once."""
    bank, known, asked = _divided(seed, folder)
    began = time.perf_counter()
    head = readers.probe(known, bank.train.labels, strengths=(10.0, 30.0), seed=seed)
    seconds = time.perf_counter() - began
    nearest = bank.train.labels[(asked @ known.T).argmax(1)]
    scores = {
        "accuracy of the probe": float((head.predict(asked) == bank.test.labels).mean()),
        "accuracy of the nearest question": float((nearest == bank.test.labels).mean()),
    }
    return Trained(scores, seconds, {"C": float(head.C)})


def _fine_tuned(seed: int, folder: Path) -> Trained:
    """From a probe of strength 10 on; an epoch is stored, and a killed run goes on from it."""
    bank, known, _ = _divided(seed, folder)
    head = readers.probe(known, bank.train.labels, strengths=(10.0,), seed=seed)
    model, result = readers.fine_tune(
        _encoder(), bank.train, head, checkpoint_dir=folder, seed=seed
    )
    tokens = _encoder().tokens(bank.test.texts, length=readers.LENGTH)
    order = np.argsort((tokens != 0).sum(1))  # like lengths together: little padding
    found = models.predict(model, tokens[order], batch_size=64).argmax(1)
    accuracy = float((found == bank.test.labels[order]).mean())
    seconds = sum(record.seconds for record in result.history.epochs)
    return Trained({"accuracy": accuracy}, seconds, {"epochs": float(len(result.history.epochs))})


_DATA = "banking77, official test part, 3,080 questions, 77 intents"

STUDIES = {
    "banking77_frozen": Study(
        data=_DATA,
        goals={
            "accuracy of the probe": 0.89,
            "accuracy of the nearest question": None,
        },
        chosen="the probe's C of 10 and 30 by 3 folds of the training part; nothing else tried",
        train=_probe,
    ),
    "banking77_fine_tuned": Study(
        data=_DATA,
        goals={"accuracy": 0.92},
        chosen=(
            "one recipe was tried, on a tenth of the training part: rate 1e-4, 3 epochs; the "
            "number of epochs was then cut for time"
        ),
        train=_fine_tuned,
    ),
}
