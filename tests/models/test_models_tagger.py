"""Taggers: padding and batching change nothing, letters are read as a NumPy loop reads them."""

from __future__ import annotations

from itertools import pairwise, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from labkit.errors import ArgumentError, ShapeError
from labkit.models import (
    LSTM,
    Bert,
    BertConfig,
    Bidirectional,
    EncoderTagger,
    Tagger,
    TaggerConfig,
    TagScores,
    best_tags,
    merge_lora,
    with_lora,
)

CONFIG = TaggerConfig(3, 20, 12, 5, word_width=6, character_width=4, filters=7, width=5)
LETTERS = 6
LENGTHS = np.array([7, 2, 4, 1])
RNG = np.random.default_rng(0)


def moved(model: nnx.Module) -> nnx.Module:
    """No parameter zero, no two alike."""
    pure = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    nnx.update(model, jax.tree.map(lambda p: p + RNG.normal(size=p.shape, scale=0.3), pure))
    return nnx.view(model, deterministic=True)


def forms(shape: tuple[int, ...]) -> np.ndarray:
    letters = RNG.integers(1, 12, (*shape, LETTERS))
    letters[..., 4:] = 0
    return np.concatenate([RNG.integers(1, 5, (*shape, 1)), letters], -1)


def word_rows() -> np.ndarray:
    rows = np.concatenate([RNG.integers(1, 20, (4, 8, 1)), forms((4, 8))], -1)
    return (rows * (np.arange(8) < LENGTHS[:, None])[..., None]).astype(np.int32)


def piece_rows() -> np.ndarray:
    rows = np.zeros((4, 10, 3 + LETTERS), np.int32)
    for row, words in zip(rows, LENGTHS, strict=True):
        row[: words + 2, 0] = RNG.integers(1, 11, words + 2)
        row[:words, 1] = 1 + np.arange(words)
        row[:words, 2:] = forms((words,))
    return rows


@pytest.fixture(scope="module")
def tagger() -> nnx.Module:
    return moved(Tagger(CONFIG, rngs=nnx.Rngs(0)))


@pytest.fixture(scope="module")
def encoder_tagger() -> nnx.Module:
    encoder = Bert(BertConfig(11, 24, 8, 2, 2, 12), rngs=nnx.Rngs(0))
    return moved(EncoderTagger(encoder, CONFIG, rngs=nnx.Rngs(1)))


TAGGERS = [("tagger", word_rows), ("encoder_tagger", piece_rows)]


@pytest.mark.parametrize(("name", "rows"), TAGGERS)
def test_padding_and_company_change_no_score(name, rows, request) -> None:
    model, batch = request.getfixturevalue(name), rows()
    together = model(jnp.asarray(batch))
    assert together.lengths.tolist() == LENGTHS.tolist()
    for row, length in enumerate(LENGTHS):
        wide = np.zeros((1, 17, batch.shape[2]), np.int32)
        wide[0, : batch.shape[1]] = batch[row]
        alone = model(jnp.asarray(wide))
        # The same sums in float32, in batches of another shape: the seventh digit may differ.
        np.testing.assert_allclose(
            alone.emissions[0, :length], together.emissions[row, :length], atol=2e-5
        )


@pytest.mark.parametrize(("name", "rows"), TAGGERS)
def test_tags_in_buckets_are_those_of_each_alone(name, rows, request) -> None:
    model, batch = request.getfixturevalue(name), rows()
    used = (batch[..., 0] != 0).sum(1)
    found = best_tags(model, batch, used, boundaries=(3, 6, 10), batch_size=2)
    for row, length in enumerate(LENGTHS):
        alone = model(jnp.asarray(batch[row : row + 1])).decode()[0, :length]
        assert found[row][:length].tolist() == alone.tolist()


def test_the_way_back_starts_at_the_last_word() -> None:
    layer = Bidirectional(LSTM, 4, 3, rngs=nnx.Rngs(0))
    x = jnp.asarray(RNG.normal(size=(4, 8, 4)), jnp.float32)
    ours = layer(x, jnp.asarray(LENGTHS))
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(
            ours[row, :length], layer(x[row : row + 1, :length])[0], atol=1e-6
        )


def test_letters_are_read_as_a_loop_reads_them(tagger) -> None:
    rows = forms((2, 3)).astype(np.int32)
    table, shapes = (
        np.asarray(getattr(tagger.form, name).table[...]) for name in ("characters", "shapes")
    )
    kernel, bias = np.asarray(tagger.form.conv.kernel[...]), np.asarray(tagger.form.conv.bias[...])
    ours = np.asarray(tagger.form(jnp.asarray(rows)))
    for place in product(range(2), range(3)):
        letters = [table[c] if c else np.zeros(4) for c in rows[place][1:]]
        padded = [np.zeros(4), *letters, np.zeros(4)]
        maps = [
            np.maximum(sum(padded[i + k] @ kernel[0, k] for k in range(3)) + bias, 0)
            for i in range(LETTERS)
            if rows[place][1 + i]
        ]
        expected = np.concatenate([np.max(maps, 0), shapes[rows[place][0]]])
        np.testing.assert_allclose(ours[place], expected, atol=1e-5)


def test_without_a_chain_each_tag_is_a_softmax() -> None:
    model = moved(Tagger(TaggerConfig(3, 20, 12, 5, crf=False), rngs=nnx.Rngs(0)))
    scores = model(jnp.asarray(word_rows()))
    tags = RNG.integers(0, 3, (4, 8))
    log_p = np.asarray(jax.nn.log_softmax(scores.emissions))
    expected = [sum(log_p[r, t, tags[r, t]] for t in range(n)) for r, n in enumerate(LENGTHS)]
    # At most eight float32 terms of order 1.
    np.testing.assert_allclose(scores.log_likelihood(jnp.asarray(tags)), expected, atol=1e-4)
    best = np.asarray(scores.emissions).argmax(-1) * (np.arange(8) < LENGTHS[:, None])
    assert scores.decode().tolist() == best.tolist()


def test_only_allowed_moves_are_decoded() -> None:
    first, follows = np.array([True, False, True]), ~np.eye(3, dtype=bool)
    emissions = RNG.normal(size=(1, 4, 3)).astype(np.float32)
    zero = jnp.zeros((3, 3))
    free = TagScores(jnp.asarray(emissions), jnp.array([4]), zero[0], zero)
    allowed = {
        way: sum(emissions[0, t, tag] for t, tag in enumerate(way))
        for way in product(range(3), repeat=4)
        if first[way[0]] and all(follows[a, b] for a, b in pairwise(way))
    }
    found = free.only(jnp.asarray(first), jnp.asarray(follows)).decode()[0]
    assert found.tolist() == list(max(allowed, key=allowed.__getitem__))


def test_an_empty_sequence_counts_for_nothing(tagger) -> None:
    empty = tagger(jnp.zeros((1, 8, 2 + LETTERS), int))
    assert empty.log_likelihood(jnp.zeros((1, 8), int)).tolist() == [0]


def test_merged_adapters_tag_alike(encoder_tagger) -> None:
    adapted = with_lora(
        encoder_tagger, 2, where=lambda n: n.startswith("encoder"), rngs=nnx.Rngs(3)
    )
    adapted = moved(adapted)
    batch = jnp.asarray(piece_rows())
    merged = merge_lora(adapted)
    np.testing.assert_allclose(merged(batch).emissions, adapted(batch).emissions, atol=1e-4)
    leaves = jax.tree.leaves(nnx.state(merged, nnx.LoRAParam))
    assert leaves == []


def test_refuses_sizes_that_cannot_be_and_texts_that_are_too_long(encoder_tagger) -> None:
    with pytest.raises(ArgumentError, match="sizes of at least 1"):
        TaggerConfig(0, 1, 1, 1)
    with pytest.raises(ArgumentError, match=r"dropout must be in \[0, 1\)"):
        TaggerConfig(1, 1, 1, 1, dropout=1.0)
    with pytest.raises(ShapeError, match="at most 24 positions"):
        encoder_tagger(jnp.zeros((1, 25, 3 + LETTERS), int))
