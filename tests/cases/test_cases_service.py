"""Customer service: the parts against loops and scikit-learn, the desk against bad input."""

from __future__ import annotations

from contextlib import closing

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from labkit import data, models
from labkit.cases import readers, service
from labkit.errors import ArgumentError


@pytest.fixture(scope="module")
def bank() -> service.Bank:
    return service.prepare(held_out=14)


@pytest.fixture(scope="module")
def counted(bank: service.Bank):
    return readers.count_words(bank.train)


@pytest.fixture(scope="module")
def desk(bank: service.Bank, counted) -> service.Desk:
    faq = service.FAQ(models.WordSpace(bank.train.texts, width=64), bank.train)
    return service.Desk(counted.predict_proba, bank.names, threshold=0.4, faq=faq)


def test_every_question_of_the_known_intents_is_on_one_side(bank: service.Bank) -> None:
    sample = data.load("banking77_sample")
    whole = sorted(
        str(text)
        for text, label in zip(sample.inputs, sample.targets, strict=True)
        if sample.class_names[label] in bank.names
    )
    assert sorted([*bank.train.texts, *bank.validation.texts]) == whole
    assert np.bincount(bank.validation.labels).tolist() == [5] * 6
    assert not {*bank.names} & {*bank.outside_names}
    assert len(bank.names) + len(bank.outside_names) == 20


def test_a_question_keeps_its_intent_when_intents_are_counted_anew(bank: service.Bank) -> None:
    test = data.load("banking77_sample", split="test")
    intent = {str(t): test.class_names[k] for t, k in zip(test.inputs, test.targets, strict=True)}
    for part, names in ((bank.test, bank.names), (bank.outside, bank.outside_names)):
        assert [names[k] for k in part.labels] == [intent[text] for text in part.texts]


def test_another_seed_draws_other_intents_and_too_many_are_refused() -> None:
    assert service.prepare(held_out=5, seed=1).names != service.prepare(held_out=5).names
    with pytest.raises(ArgumentError, match="held_out must be 0 to 18"):
        service.prepare(held_out=19)


def test_counted_words_tell_the_sample_apart(bank: service.Bank, counted) -> None:
    # 6 of 20 intents: a blind guess is right for one in six.
    assert counted.score(*bank.test) > 0.8


def test_vectors_have_length_one_and_the_nearest_is_what_a_loop_finds(bank) -> None:
    space = models.WordSpace(bank.train.texts, width=32)
    vectors = space(bank.train.texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    faq = service.FAQ(space, bank.train)
    asked = bank.test.texts[:10]
    best = [max(range(len(vectors)), key=lambda i: float(v @ vectors[i])) for v in space(asked)]
    products = [float(v @ vectors[i]) for v, i in zip(space(asked), best, strict=True)]
    found = faq.nearest(asked)[:, 0]
    again = [float(v @ vectors[i]) for v, i in zip(space(asked), found, strict=True)]
    np.testing.assert_allclose(again, products, rtol=1e-5)
    assert faq.found(bank.test, k=1) <= faq.found(bank.test, k=5) <= 1.0


def test_the_probe_takes_the_strength_that_folds_speak_for(bank: service.Bank) -> None:
    vectors = models.WordSpace(bank.train.texts, width=32)(bank.train.texts)
    chosen = readers.probe(vectors, bank.train.labels, strengths=(1e-4, 10.0))
    assert chosen.C == 10.0


def test_words_are_numbered_and_unknown_ones_are_one(bank: service.Bank) -> None:
    rows = readers.WordRows(["my card, my card!", "my pin"], length=4)
    assert rows.vocabulary.tokens == ("[PAD]", "[UNK]", "my", "card")
    assert rows.tokens(["MY lost card", ""]).tolist() == [[2, 1, 3, 0], [0, 0, 0, 0]]


def test_a_reader_from_scratch_learns(bank: service.Bank) -> None:
    rows = readers.WordRows(bank.train.texts)
    model = readers.read_from_scratch(bank.train, rows, 6, epochs=12)
    right = models.predict(model, rows.tokens(bank.test.texts)).argmax(1) == bank.test.labels
    assert right.mean() > 0.5
    answer = readers.answering(model, rows.tokens)
    found = models.predict(model, rows.tokens(bank.test.texts[:8])).argmax(1).tolist()
    assert [answer(text) for text in bank.test.texts[:8]] == found
    leaves = jax.tree.leaves(nnx.state(model, nnx.Param))
    assert answer.size_bytes == 4 * sum(leaf.size for leaf in leaves)


class TinySentences:
    """What ``fine_tune`` asks of a sentence encoder, small and new."""

    def __init__(self, rows: readers.WordRows) -> None:
        config = models.BertConfig(len(rows.vocabulary), 48, 16, 2, 1, 32)
        self.model, self.rows = models.Bert(config, rngs=nnx.Rngs(0)), rows

    def tokens(self, texts, *, length: int = 48) -> np.ndarray:
        return np.pad(self.rows.tokens(texts), ((0, 0), (0, length - self.rows.length)))

    def vectors(self, texts) -> np.ndarray:
        plain = models.TextClassifier(self.model, 2, rngs=nnx.Rngs(0))
        return np.asarray(plain.vectors(jnp.asarray(self.tokens(texts))))


def test_fine_tuning_begins_as_the_probe_and_leaves_tables_and_encoder_alone(bank) -> None:
    encoder = TinySentences(readers.WordRows(bank.train.texts))
    vectors = encoder.vectors(bank.train.texts)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    head = readers.probe(vectors / lengths, bank.train.labels, strengths=(10.0,))
    before = np.asarray(encoder.model.layers[0].up.kernel[...])
    tuned, result = readers.fine_tune(
        encoder, bank.train, head, epochs=1, rate=1e-9, validation=bank.validation
    )
    # The probe saw vectors of length 1; the network's are as long as they are, here about a mean.
    scaled = encoder.vectors(bank.test.texts) / lengths[:256].mean()
    found = models.predict(tuned, encoder.tokens(bank.test.texts))
    expected = scaled @ head.coef_.T + head.intercept_
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert len(result.history.curve("validation_accuracy")) == 1
    moved, _ = readers.fine_tune(encoder, bank.train, head, epochs=1, rate=1e-3)
    np.testing.assert_array_equal(encoder.model.layers[0].up.kernel[...], before)
    assert np.abs(moved.encoder.layers[0].up.kernel[...] - before).max() > 0
    np.testing.assert_array_equal(moved.encoder.tokens.table[...], encoder.model.tokens.table[...])


@pytest.mark.parametrize("message", ["", "   ", "\n\t", "?!…", "\0"])
def test_an_empty_message_is_asked_back(desk: service.Desk, message: str) -> None:
    reply = desk(message)
    assert reply == service.Reply("Please write your question in a few words.")


def test_ten_thousand_words_are_read_to_their_bound(desk, bank) -> None:
    question = bank.test.texts[0]
    reply = desk(question.ljust(service.LONGEST) + " word" * 10_000)
    short = desk(question)
    assert "only the beginning" in str(reply)
    assert (reply.intent, reply.confidence) == (short.intent, short.confidence)


def test_what_the_desk_does_not_know_goes_to_a_person(desk: service.Desk, bank) -> None:
    reply = desk("zebra quantum violin")
    assert reply.to_person
    assert not reply.intent
    assert "colleague" in str(reply)
    known = [desk(text) for text in bank.test.texts[:40]]
    assert sum(not r.to_person for r in known) > 20
    assert {r.intent for r in known if not r.to_person} <= {*bank.names}


def test_a_card_number_is_masked_before_anything_reads_it(bank: service.Bank) -> None:
    heard = []

    def listening(texts):
        heard.extend(texts)
        return np.eye(len(bank.names))[:1]

    faq = service.FAQ(models.WordSpace(bank.train.texts, width=16), bank.train)
    desk = service.Desk(listening, bank.names, threshold=0.5, faq=faq)
    desk("My card 4111 1111 1111 1111 is lost")
    assert heard == ["My card [CARD] is lost"]


def test_what_is_no_text_or_no_threshold_is_refused(desk: service.Desk, bank) -> None:
    with pytest.raises(ArgumentError, match="message must be a text"):
        desk(42)
    faq = service.FAQ(models.WordSpace(bank.train.texts, width=16), bank.train)
    with pytest.raises(ArgumentError, match="threshold must be from 0 to 1"):
        service.Desk(lambda _: np.zeros((1, 2)), bank.names, threshold=2.0, faq=faq)


def test_the_server_answers_as_the_probe_does(bank: service.Bank) -> None:
    space = models.WordSpace(bank.train.texts, width=16)
    head = readers.probe(space(bank.train.texts), bank.train.labels, strengths=(10.0,))
    texts = [*bank.test.texts[:20], ""]
    with closing(service.AnswerServer(space, head)) as server:
        np.testing.assert_allclose(server(texts), head.predict_proba(space(texts)), atol=1e-5)


def test_a_server_of_two_classes_is_refused(bank: service.Bank) -> None:
    space = models.WordSpace(bank.train.texts, width=8)
    two = np.asarray(bank.train.labels) % 2
    head = readers.probe(space(bank.train.texts), two, strengths=(1.0,))
    with pytest.raises(ArgumentError, match="head"):
        service.AnswerServer(space, head)
