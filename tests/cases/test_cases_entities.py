"""Case 21: raw text in, entities out, whatever the text."""

from __future__ import annotations

import dataclasses
import json

import jax
import numpy as np
import pytest
from flax import nnx
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from labkit import data
from labkit.cases import entities
from labkit.data import Dataset
from labkit.errors import ArgumentError
from labkit.models import Bert, BertConfig

NAMES = ("O", "B-person", "I-person", "B-place")
SENTENCES = [
    (("Ada", "Lovelace", "lives", "in", "Rome"), ("B-person", "I-person", "O", "O", "B-place")),
    (("Rome", "is", "old"), ("B-place", "O", "O")),
    (("nothing", "here"), ("O", "O")),
    (("Bo", "met", "Ada"), ("B-person", "O", "B-person")),
] * 6


def column(rows: list) -> np.ndarray:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


LEARNED = Dataset(
    "toy", "train", column([words for words, _ in SENTENCES]), column([t for _, t in SENTENCES]),
    class_names=NAMES,
)  # fmt: skip
QUICK = entities.ScratchRecipe(
    epochs=14,
    rate=0.01,
    batch_size=8,
    keep_empty=1.0,
    unknown=0.05,
    dropout=0.1,
    boundaries=(12,),
)


@pytest.fixture(scope="module")
def finder() -> entities.EntityFinder:
    return entities.train_scratch(QUICK, LEARNED, validation=LEARNED)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny pretrained model as Hugging Face lays it out: config, weights, tokenizer."""
    folder = tmp_path_factory.mktemp("tiny")
    letters = "abcdefghijklmnopqrstuvwxyzABLR"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *("##" + letter for letter in letters)]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = BertConfig(len(pieces), 130, 8, 2, 1, 12)
    (folder / "config.json").write_text(
        json.dumps(
            {
                "model_type": "bert",
                "hidden_act": "gelu",
                "vocab_size": len(pieces),
                "hidden_size": 8,
                "max_position_embeddings": 130,
                "num_attention_heads": 2,
                "num_hidden_layers": 1,
                "intermediate_size": 12,
                "layer_norm_eps": 1e-12,
            }
        )
    )
    from labkit.models.pretrained import _official_name

    weights = {}
    pure = nnx.to_pure_dict(nnx.state(Bert(config, rngs=nnx.Rngs(0))))
    for path, leaf in jax.tree_util.tree_leaves_with_path(pure):
        place = jax.tree_util.keystr(path, simple=True, separator=".")
        value = np.asarray(leaf)
        value = value.T if place.endswith("kernel") else value
        weights[_official_name(place)] = np.ascontiguousarray(value)
    save_file(weights, folder / "model.safetensors")
    return folder


def test_learns_the_toy_and_keeps_its_scores(finder) -> None:
    tags = finder.tag(LEARNED.inputs)
    assert np.mean([a == b for a, b in zip(tags, LEARNED.targets, strict=True)]) > 0.9
    assert finder.find("Ada Lovelace lives in Rome.")[0] == ("Ada Lovelace", "person", 0, 12)
    assert finder.size_bytes == 4 * finder.parameters > 0


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_an_empty_text_names_nothing(finder, text: str) -> None:
    assert finder.find(text) == ()


def test_ten_thousand_words_are_answered_window_by_window(finder) -> None:
    words = ["Ada", "is", "old"] * 3334
    text = " ".join(words)
    assert len(words) > 10_000
    assert all(text[m.start : m.end] == m.text for m in finder.find(text))
    (whole,) = finder.tag([words])
    parts = finder.tag([words[at : at + 12] for at in range(0, len(words), 12)])
    assert whole == tuple(tag for part in parts for tag in part)


@pytest.mark.parametrize("text", [None, 7, b"Ada", ["Ada"]])
def test_what_is_no_text_is_refused(finder, text) -> None:
    with pytest.raises(ArgumentError, match="text must be a string, but"):
        finder.find(text)


def test_a_mention_lies_where_it_says(finder) -> None:
    text = "  @bo says:\tAda   Lovelace, of Rome! https://t.co/x 😀"
    for mention in finder.find(text):
        assert text[mention.start : mention.end] == mention.text
    assert finder.tag([[], ["Ada"], []])[::2] == [(), ()]
    assert finder.tag([[]]) == [()]
    assert finder.tag([]) == []


def test_tags_are_legal_whatever_the_words(finder) -> None:
    generator = np.random.default_rng(0)
    noise = [[chr(c) for c in generator.integers(33, 1000, 9)] for _ in range(30)]
    for tags in finder.tag(noise):
        for before, tag in zip(("O", *tags), tags, strict=False):
            assert tag[0] != "I" or before[2:] == tag[2:]


@pytest.mark.parametrize("rank", [0, 2])
def test_an_encoder_is_tuned_whole_or_through_adapters(folder, rank: int) -> None:
    recipe = entities.EncoderRecipe(
        epochs=6, rate=1e-2, head_rate=1e-2, batch_size=8, keep_empty=1.0, dropout=0.0, rank=rank
    )
    finder, history = entities.train_encoder(recipe, LEARNED, folder=folder)
    assert history.curve("loss")[-1] < 0.8 * history.curve("loss")[0]
    assert not jax.tree.leaves(nnx.state(finder.model, nnx.LoRAParam))
    assert all(mention.text in "Rome is old" for mention in finder.find("Rome is old"))
    assert finder.find("") == ()
    (long,) = finder.tag([["Rome", "is", "Lovelace"] * 3334])
    assert len(long) == 10_002


def test_pieces_point_at_the_words_they_begin(folder) -> None:
    encoding = entities.PieceEncoding.learn(LEARNED.inputs, folder)
    encoded = encoding([["Rome", "is", "😀"], [], ["a"] * 300])
    assert encoded.windows == ((0, 0, 3), (2, 0, 126), (2, 126, 252), (2, 252, 300))
    row = encoded.rows[0]
    tokens = [
        encoding.tokenizer.id_to_token(int(number)) for number in row[: encoded.lengths[0], 0]
    ]
    assert tokens == ["[CLS]", "R", "##o", "##m", "##e", "i", "##s", "[UNK]", "[SEP]"]
    assert row[:4, 1].tolist() == [1, 5, 7, 0]


def test_the_lookup_knows_what_it_saw_and_nothing_else() -> None:
    lookup = entities.Lookup.learn(LEARNED)
    tags = lookup.tag([["ADA", "LOVELACE", "saw", "Ada", "and", "Eve"], []])
    assert tags == [("B-person", "I-person", "O", "B-person", "O", "O"), ()]


def test_two_splits_are_joined_and_others_refused() -> None:
    both = entities.joined(LEARNED, dataclasses.replace(LEARNED, split="val"))
    assert len(both) == 2 * len(LEARNED)
    assert both.split == "train and val"
    with pytest.raises(ArgumentError, match="second must be of"):
        entities.joined(LEARNED, dataclasses.replace(LEARNED, class_names=("O",)))


def test_conll_2003_is_served_by_the_same_code(tmp_path) -> None:
    lines = "\n".join(
        "".join(f"{w} NN I-NP {t.replace('B-', 'I-')}\n" for w, t in zip(*pair, strict=True))
        for pair in SENTENCES
    )
    path = tmp_path / "ner/conll2003/eng.train"
    path.parent.mkdir(parents=True)
    path.write_text("-DOCSTART- -X- O O\n\n" + lines)
    learned = data.load("conll2003", root=tmp_path)
    finder, _ = entities.train_scratch(dataclasses.replace(QUICK, epochs=1), learned)
    assert finder.tag_names == ("O", "B-person", "I-person", "B-place")
    assert len(finder.tag(learned.inputs)) == len(SENTENCES)
