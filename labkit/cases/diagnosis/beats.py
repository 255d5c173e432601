"""Heartbeats: cut out of a recording, told apart by a network along time, declined where bad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from flax import nnx
from numpy.typing import ArrayLike

from labkit import models, train
from labkit.errors import ArgumentError
from labkit.models import SignalConfig

__all__ = [
    "BeatRecipe",
    "Beats",
    "beats_right",
    "check_beat",
    "cut_beats",
    "standardise_beats",
    "train_beats",
]

#: Below this deviation, in the unit of the signal, a beat is a flat line: no electrode.
_FLAT = 1e-3
#: Annotations that mark beats (PhysioNet's codes); the others mark rhythms and noise.
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ")


class Beats(NamedTuple):
    """Beats of a recording.

    Attributes:
        series: (n t) one beat each, its mark at the same place in all.
        symbols: (n) what the cardiologists wrote: "N" normal, "A" atrial, "V" ventricular, …
        marks: (n) the sample of each mark.
    """

    series: np.ndarray
    symbols: np.ndarray
    marks: np.ndarray


def cut_beats(
    signal: ArrayLike, marks: ArrayLike, symbols: ArrayLike, *, before: int, after: int
) -> Beats:
    """A window around each beat's mark; beats too near an end of the recording are left out.

    Args:
        signal: (t) one lead.
        marks: samples at which annotations stand.
        symbols: what they say; those that are no beats are left out.
        before: samples before a mark.
        after: samples from the mark on.

    Raises:
        ArgumentError: no whole beat in the recording.

    Example:
        >>> beats = cut_beats(np.arange(9.0), [1, 4, 6], ["N", "+", "V"], before=1, after=2)
        >>> beats.series.tolist(), beats.symbols.tolist()
        ([[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]], ['N', 'V'])
    """
    values, at, names = np.asarray(signal), np.asarray(marks), np.asarray(symbols)
    kept = np.isin(names, list(_BEATS)) & (at >= before) & (at + after - 1 < len(values))
    if not kept.any():
        raise ArgumentError("marks", required="of at least one whole beat", got=at[:5])
    places = at[kept][:, None] + np.arange(-before, after)
    return Beats(values[places], names[kept], at[kept])


def standardise_beats(series: ArrayLike) -> np.ndarray:
    """Each beat (n t) brought to mean 0 and deviation 1 by itself: gain and baseline drift go.

    Example:
        >>> standardise_beats([[0.0, 2.0], [10.0, 30.0]]).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """
    rows = np.asarray(series, np.float32)
    deviation = rows.std(1, keepdims=True)
    return (rows - rows.mean(1, keepdims=True)) / np.maximum(deviation, 1e-6)


@dataclass(frozen=True)
class BeatRecipe:
    """How a network for beats is trained.

    Attributes:
        config: of the network.
        network: ``models.SignalCNN`` or ``models.SignalLSTM``.
        epochs: passes over the training beats.
        batch_size: beats per step.
        rate: highest learning rate of Adam with decay.
    """

    config: SignalConfig
    network: Callable[..., nnx.Module] = models.SignalCNN
    epochs: int = 30
    batch_size: int = 16
    rate: float = 3e-3


def train_beats(
    recipe: BeatRecipe, series: ArrayLike, labels: ArrayLike, *, seed: int = 0
) -> nnx.Module:
    """Train one network; it comes back in evaluation mode.

    Args:
        recipe: how.
        series: (n t) beats, standardised here.
        labels: (n) classes from 0.
        seed: of parameters and order.
    """
    x, y = standardise_beats(series)[..., None], np.asarray(labels)
    model = recipe.network(recipe.config, rngs=nnx.Rngs(seed))
    steps = recipe.epochs * max(len(x) // recipe.batch_size, 1)
    train.fit(
        model,
        x,
        y,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=train.adamw(train.warmup_cosine(recipe.rate, steps), weight_decay=0.01),
        seed=seed,
        progress=False,
    )
    return models.in_evaluation_mode(model)


def beats_right(
    recipe: BeatRecipe,
    series: ArrayLike,
    labels: ArrayLike,
    train_rows: ArrayLike,
    test_rows: ArrayLike,
    *,
    seed: int = 0,
) -> float:
    """Train on some rows; the share of other rows that are told apart: a score of one fold."""
    rows, kinds = np.asarray(series), np.asarray(labels)
    at, held = np.asarray(train_rows), np.asarray(test_rows)
    model = train_beats(recipe, rows[at], kinds[at], seed=seed)
    scores = models.predict(model, standardise_beats(rows[held])[..., None])
    return float((scores.argmax(-1) == kinds[held]).mean())


def check_beat(raw: Any, *, samples: int) -> tuple[np.ndarray, str]:
    """One raw beat as a batch (1 t 1), or a sentence that says why not.

    Raises:
        ValueError: another length, values that are missing, or a flat line.
    """
    try:
        beat = np.asarray(raw, np.float32)
    except (TypeError, ValueError):
        raise ValueError("The beat is not a list of numbers.") from None
    if beat.shape != (samples,):
        raise ValueError(f"The beat has shape {beat.shape}; {samples} samples are needed.")
    if not np.isfinite(beat).all():
        raise ValueError(f"{(~np.isfinite(beat)).sum()} samples of the beat are missing.")
    if beat.std() < _FLAT:
        raise ValueError("The beat is a flat line: is the electrode attached?")
    return standardise_beats(beat[None])[..., None], ""
