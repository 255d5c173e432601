"""Text: laws over a table of tokenisers, `tokenizers` and plain loops as references."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as HuggingFace
from tokenizers import models

from labkit.data.prepare import text as tx
from labkit.errors import ArgumentError, DataError

CORPUS = [
    "The card is lost; the cards were lost in the post.",
    "Low, lower, lowest: the newest and the widest.",
    "Where is my transfer? My transfer is where?",
] * 4
TOKENIZERS = {
    "characters": tx.CharacterTokenizer.train(CORPUS),
    "byte pairs": tx.BytePairTokenizer.train(CORPUS, vocabulary_size=330),
    "wordpiece": tx.WordPieceTokenizer.train(CORPUS, vocabulary_size=90),
}


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_tokenizer_gives_its_training_text_back(name):
    tokenizer = TOKENIZERS[name]
    assert isinstance(tokenizer, tx.Tokenizer)
    for text in CORPUS[:3]:
        numbers = tokenizer.encode(text)
        assert max(numbers) < tokenizer.vocabulary_size
        squeezed = [s.lower().replace(" ", "") for s in (tokenizer.decode(numbers), text)]
        assert squeezed[0] == squeezed[1]  # WordPiece folds case and spaces


@given(text=st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_byte_pairs_lose_nothing_of_any_text(text):
    tokenizer = TOKENIZERS["byte pairs"]
    numbers = tokenizer.encode(text)
    assert tokenizer.decode(numbers) == text
    assert len(numbers) <= len(text.encode())


def test_byte_pairs_by_hand():
    """Sennrich et al. 2016, section 3.2, with their counts; ours break ties by lower bytes."""
    corpus = ["low"] * 5 + ["lowest"] * 2 + ["newer"] * 6 + ["wider"] * 3
    tokenizer = tx.BytePairTokenizer.train(corpus, vocabulary_size=259)
    # e r: 9 times; l o: 7 and o w: 7, l before o; then lo w
    assert [tokenizer.decode([256 + i]) for i in range(3)] == ["er", "lo", "low"]


def test_byte_pairs_equal_hugging_face_given_the_same_merges():
    ours = TOKENIZERS["byte pairs"]
    name = [chr(0x100 + value) for value in range(256)]  # one letter for each byte
    for left, right in ours.merges:
        name.append(name[left] + name[right])
    merges = [(name[left], name[right]) for left, right in ours.merges]
    theirs = HuggingFace(models.BPE({token: i for i, token in enumerate(name)}, merges))
    for word in [w for text in CORPUS[:3] for w in text.split()] + ["lowercase", "déjà", "aaaa"]:
        letters = "".join(name[value] for value in word.encode())
        assert ours.encode(word) == theirs.encode(letters).ids


def test_wordpiece_is_the_longest_match_from_the_left():
    tokenizer = TOKENIZERS["wordpiece"]
    pieces = tokenizer.vocabulary

    def longest_match(word):
        numbers, at = [], 0
        while at < len(word):
            ends = range(len(word), at, -1)
            marked = (("##" if at else "") + word[at:end] for end in ends)
            found = next((piece for piece in marked if piece in pieces), None)
            if found is None:
                return [pieces["[UNK]"]]
            numbers, at = [*numbers, pieces[found]], at + len(found.removeprefix("##"))
        return numbers

    for word in ["transfer", "carts", "lowest", "post", "xylophone", "newt"]:
        assert tokenizer.encode(word) == longest_match(word), word


def test_wordpiece_files_go_to_hugging_face_and_back(tmp_path):
    path = tmp_path / "tokenizer.json"
    TOKENIZERS["wordpiece"].save(path)
    again, theirs = tx.WordPieceTokenizer.from_file(path), HuggingFace.from_file(str(path))
    text = "The Café's cards"
    assert again.encode(text) == theirs.encode(text).ids == TOKENIZERS["wordpiece"].encode(text)


@given(text=st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_normalising_twice_changes_nothing(text):
    for options in ({}, {"lower": False, "accents": True}):
        once = tx.normalise(text, **options)
        assert tx.normalise(once, **options) == once
        assert "  " not in once


def test_vocabulary_by_hand():
    vocabulary = tx.Vocabulary.build([["b", "a", "b"], ["c", "a", "b", "[PAD]"]], at_most=4)
    assert vocabulary.tokens == ("[PAD]", "[UNK]", "b", "a")
    assert vocabulary.encode(["a", "c", "b"]) == [3, 1, 2]
    assert vocabulary.decode([3, 0, 2, 1]) == ["a", "b", "[UNK]"]


@given(lengths=st.lists(st.integers(0, 30), min_size=1, max_size=60), size=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_buckets_hold_every_row_once_and_mix_no_lengths(lengths, size):
    batches = tx.bucket_batches(lengths, size, boundaries=[5, 10, 30])
    np.testing.assert_array_equal(np.sort(np.concatenate(batches)), np.arange(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= size
        assert len({np.searchsorted([5, 10, 30], lengths[row]) for row in batch}) == 1


def test_buckets_pad_less():
    lengths = np.random.default_rng(0).geometric(0.05, 2000)
    boundaries = [10, 20, 40, 80, int(lengths.max())]

    def padded(batches):
        return sum(len(batch) * lengths[batch].max() for batch in batches)

    buckets = padded(tx.bucket_batches(lengths, 32, boundaries=boundaries))
    mixed = padded(np.array_split(np.arange(2000), 63))
    assert buckets < 0.5 * mixed


def test_padding_cuts_and_fills():
    ids, mask = tx.pad_sequences([[1, 2, 3], [], [4]], length=2, pad=9)
    assert ids.tolist() == [[1, 2], [9, 9], [4, 9]]
    assert mask.tolist() == [[True, True], [False, False], [True, False]]


def test_masking_by_hand():
    masked = tx.mask_personal_data(
        "Dear Dr. Schmidt-Vogel, I'm María O'Neill (maria@post.org). Pay 1,250.00 EUR on "
        "12/03/2024 to GB82 WEST 1234 5698 7654 32, not 4111 1111 1111 1112. Peter's number: "
        "(415) 555-2671. Order 4829-1173-2200, May 2024, in New York."
    )
    assert masked == (
        "Dear Dr. [NAME], I'm [NAME] ([EMAIL]). Pay 1,250.00 EUR on 12/03/2024 to [IBAN], not "
        "4111 1111 1111 1112. [NAME]'s number: [PHONE]. Order 4829-1173-2200, May 2024, in "
        "New York."
    )


def test_masking_measured_on_planted_messages():
    texts, truths = tx.planted_messages(300, seed=1)
    scores = tx.score_spans([tx.find_personal_data(text) for text in texts], truths)
    for kind in ("EMAIL", "CARD", "IBAN", "PHONE"):
        assert scores[kind].precision == 1
        assert scores[kind].recall == 1
    assert scores["NAME"].precision > 0.97
    assert 0.75 < scores["NAME"].recall < 0.95  # half of the names are on no list
    whole = tx.given_names() | {"aisha", "bjorn", "chidi", "eilidh", "farid", "hiroshi", "ingrid"}
    found = [tx.find_personal_data(text, names=whole) for text in texts]
    assert tx.score_spans(found, truths)["NAME"].recall > scores["NAME"].recall + 0.05


def test_generated_numbers_pass_their_check_digits_and_places_are_right():
    texts, truths = tx.planted_messages(200, seed=2)
    found = {kind: [] for kind in ("NAME", "CARD", "EMAIL", "IBAN", "PHONE")}
    for text, spans in zip(texts, truths, strict=True):
        for start, end, kind in spans:
            found[kind].append(text[start:end])
    assert all(tx.passes_luhn(card.replace(" ", "").replace("-", "")) for card in found["CARD"])
    assert all(tx.passes_iban(number.replace(" ", "")) for number in found["IBAN"])
    assert all("@" in address for address in found["EMAIL"])
    assert all(len(found[kind]) > 9 for kind in found)


@pytest.mark.parametrize("digit", range(10))
def test_check_digits_catch_every_single_error(digit):
    """ISO 7812 and ISO 7064: one wrong digit never passes."""
    card, iban = "4539148803436467", "DE89370400440532013000"
    assert tx.passes_luhn(card)
    assert tx.passes_iban(iban)
    for at in range(16):
        wrong = card[:at] + str(digit) + card[at + 1 :]
        assert tx.passes_luhn(wrong) == (wrong == card)
    for at in range(4, 22):
        wrong = iban[:at] + str(digit) + iban[at + 1 :]
        assert tx.passes_iban(wrong) == (wrong == iban)


@given(text=st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_masking_never_crashes_and_spans_never_overlap(text):
    spans = tx.find_personal_data(text)
    for one, other in pairwise(spans):
        assert one.end <= other.start
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


def by_pairs(texts: list[str], similarity: float) -> list[int]:
    """Groups from every pair, by sets and by joining what was found: slow, and plain."""
    held = []
    for text in texts:
        words = re.findall(r"[a-z0-9]+", text.lower())
        held.append({*words, *pairwise(words)})
    groups = list(range(len(texts)))
    for i, one in enumerate(held):
        for j, other in enumerate(held[:i]):
            if one | other and len(one & other) / len(one | other) >= similarity:
                old, new = groups[i], groups[j]
                groups = [new if group == old else group for group in groups]
    return groups


@settings(deadline=None)
@given(st.lists(st.text("ab 1.", max_size=12), max_size=9), st.sampled_from([0.2, 0.5, 0.75, 1.0]))
def test_alike_groups_are_those_of_all_pairs(texts, similarity):
    found, slow = tx.alike_groups(texts, similarity=similarity), by_pairs(texts, similarity)
    same = [[a == b for b in found] for a in found]
    assert same == [[a == b for b in slow] for a in slow]


def test_a_chain_joins_what_is_not_alike_itself_and_blank_texts_stay_alone():
    chain = ["a b c d e f", "a b c d e g", "a b c d h g"]
    assert tx.alike_groups(chain[::2], similarity=0.55).tolist() == [0, 1]
    assert tx.alike_groups(chain, similarity=0.55).tolist() == [0, 0, 0]
    assert len(set(tx.alike_groups(["", "...", "x"]).tolist())) == 3
    assert tx.alike_groups([]).shape == (0,)


def test_more_texts_than_are_compared_at_once():
    texts = [f"word{i % 700} other{i % 700}" for i in range(1300)]
    groups = tx.alike_groups(texts)
    assert len(set(groups.tolist())) == 700
    assert groups[0] == groups[700]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: tx.BytePairTokenizer.train([""], vocabulary_size=9), ArgumentError, "least 256"),
        (lambda p: tx.WordPieceTokenizer.train([""], vocabulary_size=5), ArgumentError, "above"),
        (lambda p: tx.WordPieceTokenizer.from_file(p / "no"), DataError, "does not exist"),
        (lambda p: tx.WordPieceTokenizer.from_file(p / "bad.json"), DataError, "not a tokenizer"),
        (lambda p: tx.WordPieceTokenizer.from_file(p / "bpe.json"), DataError, "holds a BPE"),
        (lambda p: tx.Vocabulary(("a", "b")), ArgumentError, "first"),
        (lambda p: tx.Vocabulary.build([], at_most=1), ArgumentError, "at least 2"),
        (lambda p: tx.pad_sequences([[1]], length=0), ArgumentError, "length must be"),
        (lambda p: tx.alike_groups(["a"], similarity=0), ArgumentError, "similarity must be above"),
        (lambda p: tx.bucket_batches([9], 2, boundaries=[5]), ArgumentError, "at least 9"),
        (lambda p: tx.bucket_batches([9], 0, boundaries=[9]), ArgumentError, "batch_size"),
    ],
)
def test_errors_say_what_to_change(tmp_path, call, error, message):
    (tmp_path / "bad.json").write_text('{"model": 3}')
    HuggingFace(models.BPE()).save(str(tmp_path / "bpe.json"))
    with pytest.raises(error, match=message):
        call(tmp_path)


@pytest.mark.real_data
def test_masking_measured_on_real_text(real_data):
    """banking77 holds no personal data: what is masked there is a false alarm."""
    from labkit.data import load

    queries = load("banking77", root=real_data, split="train").inputs[::4]
    alarms = [query for query in queries if tx.find_personal_data(query)]
    assert len(alarms) / len(queries) < 0.005
