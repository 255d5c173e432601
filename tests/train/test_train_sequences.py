"""Training on sequences of unequal length: deterministic, padded little, and it learns."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.errors import ArgumentError, ShapeError, TrainingError
from labkit.models import Tagger, TaggerConfig, TagScores, best_tags, part
from labkit.train import fit_sequences, surprise_per_word

CONFIG = TaggerConfig(2, 6, 4, 3, word_width=4, character_width=2, filters=2, width=8, dropout=0.1)
BOUNDARIES = (4, 9)
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(1, 10, 40)
INSIDE = np.arange(9) < LENGTHS[:, None]
ROWS = np.zeros((40, 9, 4), np.int32)
ROWS[..., 0] = RNG.integers(1, 6, (40, 9)) * INSIDE
ROWS[..., 1:] = INSIDE[..., None]
#: A word is tagged 1 where the word before it is word 2: only the context tells.
TARGETS = np.zeros((40, 9), np.int32)
TARGETS[:, 1:] = (ROWS[:, :-1, 0] == 2) & INSIDE[:, 1:]


def tagger() -> Tagger:
    return Tagger(CONFIG, rngs=nnx.Rngs(0))


def trained(model: Tagger, **options):
    plan = {"epochs": 2, "boundaries": BOUNDARIES, "batch_size": 8, "optimizer": optax.adam(0.02)}
    return fit_sequences(model, ROWS, TARGETS, LENGTHS, **plan | options)


def params(model: nnx.Module) -> list[np.ndarray]:
    return [np.asarray(p) for p in jax.tree.leaves(nnx.state(model, nnx.Param))]


def test_learns_what_only_the_context_tells() -> None:
    model = tagger()
    history = trained(model, epochs=25)
    assert history.curve("loss")[-1] < 0.3 * history.curve("loss")[0]
    found = best_tags(model, ROWS, LENGTHS, boundaries=BOUNDARIES)
    right = [tags[:n] == row[:n] for tags, row, n in zip(found, TARGETS, LENGTHS, strict=True)]
    assert np.concatenate(right).mean() > 0.95


def test_depends_on_its_arguments_alone() -> None:
    first, second, other = tagger(), tagger(), tagger()
    one, two = trained(first, seed=1), trained(second, seed=1)
    trained(other, seed=2)
    assert one.step_losses.tolist() == two.step_losses.tolist()
    assert all(map(np.array_equal, params(first), params(second)))
    assert not all(map(np.array_equal, params(first), params(other)))


def test_scores_are_kept_and_rows_chosen_and_batches_changed() -> None:
    seen: list[int] = []

    def only_the_first(generator: np.random.Generator) -> np.ndarray:
        return np.arange(3)

    def look(generator: np.random.Generator, batch: np.ndarray) -> np.ndarray:
        seen.append(int((batch[:, 0, 0] != 0).sum()))
        return batch

    history = trained(
        tagger(), choose=only_the_first, augment=look, after_epoch=lambda _: {"f1": 0.5}
    )
    assert history.curve("validation_f1").tolist() == [0.5, 0.5]
    assert sum(seen) == 2 * 3  # three sequences in each of two epochs; the rest is filling


def test_what_is_frozen_stays() -> None:
    model, before = tagger(), tagger()
    trained(model, trained=part("head", "chain"))
    assert np.array_equal(model.words.table[...], before.words.table[...])
    assert not np.array_equal(model.head.kernel[...], before.head.kernel[...])


def test_surprise_is_the_mean_over_words_of_all_sentences() -> None:
    emissions = RNG.normal(size=(3, 4, 2)).astype(np.float32)
    lengths, tags = np.array([4, 0, 2]), RNG.integers(0, 2, (3, 4))
    scores = TagScores(
        jnp.asarray(emissions), jnp.asarray(lengths), jnp.zeros(2), jnp.zeros((2, 2))
    )
    log_p = emissions - np.logaddexp.reduce(emissions, -1, keepdims=True)
    total = -sum(log_p[r, t, tags[r, t]] for r, n in enumerate(lengths) for t in range(n))
    assert float(surprise_per_word(scores, jnp.asarray(tags))) == pytest.approx(total / 6, rel=1e-5)


def test_refuses_what_cannot_be() -> None:
    with pytest.raises(ShapeError, match="40 inputs, 39 targets"):
        fit_sequences(
            tagger(), ROWS, TARGETS[1:], LENGTHS,
            epochs=1, boundaries=BOUNDARIES, optimizer=optax.sgd(0.1),
        )  # fmt: skip
    with pytest.raises(ArgumentError, match="boundaries must be increasing, the last at least 9"):
        trained(tagger(), boundaries=(4, 8))
    with pytest.raises(ArgumentError, match="epochs must be at least 1"):
        trained(tagger(), epochs=0)


def test_a_loss_that_is_not_finite_leaves_the_last_good_epoch() -> None:
    model = tagger()
    before = params(model)
    with pytest.raises(TrainingError, match="stopped in epoch 1: the loss is"):
        trained(model, optimizer=optax.sgd(1e30))
    assert all(map(np.array_equal, params(model), before))
