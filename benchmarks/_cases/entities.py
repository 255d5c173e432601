"""Case 21, named entities: the official test sets of WNUT-17 and, where it lies, CoNLL-2003."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._cases import Study, Trained
from labkit import data, evaluate
from labkit.cases import entities


def scored(
    train_tagger: Callable[..., tuple[entities.EntityFinder, Any]],
    recipe: Any,
    dataset: str,
    seed: int,
    folder: Path,  # noqa: ARG001
    *,
    also_val: bool = False,
) -> Trained:
    """Train once, score the official test set once."""
    from seqeval.metrics import f1_score

    learned, validation, test = (data.load(dataset, split=s) for s in ("train", "val", "test"))
    if also_val:
        learned = entities.joined(learned, validation)
    finder, history = train_tagger(recipe, learned, seed=seed)
    tags = finder.tag(test.inputs)
    report, tokens = (
        f(test.targets, tags) for f in (evaluate.entity_report, evaluate.token_report)
    )
    theirs = f1_score([list(row) for row in test.targets], [list(row) for row in tags])
    detail = {
        "precision": report.micro[0],
        "recall": report.micro[1],
        "macro_f1": report.macro[2],
        "token_accuracy": tokens.accuracy,
        "last_loss_nats": float(history.curve("loss")[-1]),
        "size_B": float(finder.size_bytes),
        "recipe": str(recipe),
    }
    scores = {"entity F1 (seqeval)": float(theirs), "weighted token F1": tokens.weighted_f1}
    assert abs(theirs - report.micro_f1) < 1e-9, "labkit's entity F1 is not seqeval's"
    return Trained(scores, finder.train_s, detail)


_WNUT = "WNUT-17, official test set, 1,287 sentences, 1,079 entities"
_CONLL = "CoNLL-2003 English, official test set (testb), where LABKIT_DATA holds it"
_SCRATCH, _WHOLE, _LORA = (
    entities.ScratchRecipe(),
    entities.EncoderRecipe.full(),
    entities.EncoderRecipe.lora(),
)
_NEWS = dataclasses.replace(_WHOLE, keep_empty=1.0)

STUDIES: Mapping[str, Study] = {
    "wnut17_scratch": Study(
        _WNUT,
        {"entity F1 (seqeval)": 0.30, "weighted token F1": None},
        "six recipes tried once each with seed 0 and judged by the official development set (their "
        "test scores were printed beside them); then trained on training and development sentences",
        partial(scored, entities.train_scratch, _SCRATCH, "wnut17", also_val=True),
    ),
    "wnut17_encoder": Study(
        _WNUT,
        {"entity F1 (seqeval)": 0.42, "weighted token F1": None},
        "two recipes tried once each with seed 0 and judged, epoch by epoch, by the official "
        "development set (their test scores were printed beside them)",
        partial(scored, entities.train_encoder, _WHOLE, "wnut17"),
    ),
    "wnut17_lora": Study(
        _WNUT,
        {"entity F1 (seqeval)": 0.42, "weighted token F1": None},
        "nothing was tried beside it: rank 16, ten times the rate of the whole encoder",
        partial(scored, entities.train_encoder, _LORA, "wnut17"),
    ),
    "conll2003_encoder": Study(
        _CONLL,
        {"entity F1 (seqeval)": 0.86, "weighted token F1": 0.973},
        "the recipe of WNUT-17 with all sentences; nothing was tried, for want of the data here",
        partial(scored, entities.train_encoder, _NEWS, "conll2003"),
    ),
}
