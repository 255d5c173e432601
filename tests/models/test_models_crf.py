"""The conditional random field against enumeration of every way to tag."""

from __future__ import annotations

from itertools import pairwise, product

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.models import CRF

TAGS, TIME = 3, 5
RNG = np.random.default_rng(0)
EMISSIONS = RNG.normal(size=(4, TIME, TAGS)).astype(np.float32)
LENGTHS = np.array([5, 3, 1, 4])


@pytest.fixture(scope="module")
def crf() -> CRF:
    model = CRF(TAGS)
    model.first[...] = jnp.asarray(RNG.normal(size=TAGS), jnp.float32)
    model.transitions[...] = jnp.asarray(RNG.normal(size=(TAGS, TAGS)), jnp.float32)
    return model


def every_way(crf: CRF, row: int) -> dict[tuple[int, ...], float]:
    """The score of each of the k ** t taggings of one sequence."""
    first = np.asarray(crf.first[...], np.float64)
    transitions = np.asarray(crf.transitions[...], np.float64)
    scores = {}
    for tags in product(range(TAGS), repeat=int(LENGTHS[row])):
        fits = sum(float(EMISSIONS[row, t, k]) for t, k in enumerate(tags))
        follows = sum(transitions[a, b] for a, b in pairwise(tags))
        scores[tags] = first[tags[0]] + fits + follows
    return scores


def padded(tags: tuple[int, ...]) -> list[int]:
    return [*tags, *[0] * (TIME - len(tags))]


def test_likelihood_is_that_of_enumeration(crf: CRF) -> None:
    for trial in range(5):
        tags = np.random.default_rng(trial).integers(0, TAGS, (4, TIME))
        ours = crf.log_likelihood(jnp.asarray(EMISSIONS), jnp.asarray(tags), jnp.asarray(LENGTHS))
        for row in range(4):
            scores = every_way(crf, row)
            chosen = scores[tuple(tags[row, : LENGTHS[row]].tolist())]
            expected = chosen - np.logaddexp.reduce(list(scores.values()))
            # At most ten float32 sums and four log-sum-exps of numbers of order 1.
            assert float(ours[row]) == pytest.approx(expected, abs=1e-5)


def test_decoding_finds_the_likeliest_of_all(crf: CRF) -> None:
    ours = crf.decode(jnp.asarray(EMISSIONS), jnp.asarray(LENGTHS))
    for row in range(4):
        scores = every_way(crf, row)
        assert ours[row].tolist() == padded(max(scores, key=scores.__getitem__))


def test_probabilities_of_all_taggings_sum_to_one(crf: CRF) -> None:
    ways = np.array([padded(tags) for tags in product(range(TAGS), repeat=TIME)])
    emissions = jnp.broadcast_to(EMISSIONS[:1], (len(ways), TIME, TAGS))
    lengths = jnp.full(len(ways), TIME)
    total = jnp.exp(crf.log_likelihood(emissions, jnp.asarray(ways), lengths)).sum()
    assert float(total) == pytest.approx(1.0, abs=1e-5)


def test_gradient_is_what_was_seen_minus_what_was_expected(crf: CRF) -> None:
    """The gradient by the emissions: one-hot tags minus their marginals, by enumeration."""
    tags = np.zeros((4, TIME), int)

    def total(emissions):
        lengths = jnp.asarray(LENGTHS)
        return crf.log_likelihood(emissions, jnp.asarray(tags), lengths).sum()

    ours = jax.grad(total)(jnp.asarray(EMISSIONS))
    for row in range(4):
        scores = every_way(crf, row)
        log_z = np.logaddexp.reduce(list(scores.values()))
        expected = np.zeros((TIME, TAGS))
        for way, score in scores.items():
            for t, k in enumerate(way):
                expected[t, k] -= np.exp(score - log_z)
        expected[: LENGTHS[row], 0] += 1
        np.testing.assert_allclose(ours[row], expected, atol=1e-5)


def test_learns_that_a_tag_never_follows_itself() -> None:
    tags = jnp.asarray(np.stack([np.arange(6) % 2, (np.arange(6) + 1) % 2]))
    emissions, lengths = jnp.zeros((2, 6, 2)), jnp.full(2, 6)
    graphdef, state = nnx.split(CRF(2))
    optimizer = optax.adam(0.3)

    def loss(state):
        return -nnx.merge(graphdef, state).log_likelihood(emissions, tags, lengths).mean()

    def step(carry, _):
        state, memory = carry
        updates, memory = optimizer.update(jax.grad(loss)(state), memory)
        return (optax.apply_updates(state, updates), memory), None

    pure = nnx.to_pure_dict(state)
    (learned, _), _ = jax.lax.scan(step, (pure, optimizer.init(pure)), length=60)
    crf = nnx.merge(graphdef, learned)
    one_hint = emissions.at[0, 2, 1].set(1.0)
    assert crf.decode(one_hint, lengths)[0].tolist() == [1, 0, 1, 0, 1, 0]
