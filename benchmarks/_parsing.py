"""Peers for parsing: readers in the style of torchvision, of the data's authors, of torchtext."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import Row, interleave
from labkit.data.formats import conll, idx
from labkit.data.store import data_folder, sha256_of

__all__ = ["parsing"]


def parsing() -> Iterator[Row]:
    """Official files to arrays: Fashion-MNIST (60,000 images) and WNUT-17 (3,394 sentences)."""
    folder = data_folder()
    names = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
    images, labels = (folder / "fashion-mnist" / name for name in names)
    contenders = {
        "labkit": lambda: idx.read_split(images, labels),
        "torchvision-style": lambda: (_torchvision(images), _torchvision(labels)),
        "its authors' NumPy reader": lambda: _authors(images, labels),
        "labkit, sha256 checked first": lambda: (
            sha256_of(images), sha256_of(labels), idx.read_split(images, labels)
        ),
    }  # fmt: skip
    yield from _rows("parse Fashion-MNIST", contenders, repeats=9)
    sentences = folder / "ner/wnut17/wnut17train.conll"
    contenders = {
        "labkit": lambda: conll.read_split(sentences),
        "torchtext-style": lambda: list(_torchtext(sentences)),
        "Hugging-Face-style": lambda: list(_hugging_face(sentences)),
        "labkit, sha256 checked first": lambda: (sha256_of(sentences), conll.read_split(sentences)),
    }
    yield from _rows("parse WNUT-17", contenders, repeats=15)


def _rows(name: str, contenders: dict[str, Callable[[], Any]], repeats: int) -> Iterator[Row]:
    seconds = interleave(contenders, repeats=repeats)
    for peer in list(seconds)[1:]:
        detail = {"labkit s": seconds["labkit"], "peer s": seconds[peer]}
        yield Row(name, peer, seconds[peer] / seconds["labkit"], detail=detail)


def _torchvision(path: Path) -> Any:
    """The header by its bytes, the rest by one `frombuffer`, as torchvision reads idx files."""
    import torch

    with gzip.open(path) as stream:
        content = stream.read()
    rank = content[3]
    sizes = [int.from_bytes(content[4 + 4 * k : 8 + 4 * k], "big") for k in range(rank)]
    flat = torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * rank)
    return flat.view(*sizes)


def _authors(images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray]:
    """Fixed offsets, as the reader in the repository of Fashion-MNIST."""
    with gzip.open(labels, "rb") as stream:
        classes = np.frombuffer(stream.read(), np.uint8, offset=8)
    with gzip.open(images, "rb") as stream:
        pixels = np.frombuffer(stream.read(), np.uint8, offset=16)
    return pixels.reshape(len(classes), 784), classes


def _torchtext(path: Path) -> Iterator[list[list[str]]]:
    """One list per column, as torchtext reads sequence tagging sets; no checks."""
    columns: list[list[str]] = []
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            stripped = line.strip()
            if stripped == "":
                if columns:
                    yield columns
                columns = []
            else:
                for k, column in enumerate(stripped.split("\t")):
                    if len(columns) < k + 1:
                        columns.append([])
                    columns[k].append(column)
    if columns:
        yield columns


def _hugging_face(path: Path) -> Iterator[dict[str, Any]]:
    """A dict of tokens and tags per sentence, as the loading scripts of Hugging Face read it."""
    tokens: list[str] = []
    tags: list[str] = []
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream):
            if line.startswith("-DOCSTART-") or line.strip() == "":
                if tokens:
                    yield {"id": str(number), "tokens": tokens, "ner_tags": tags}
                    tokens, tags = [], []
            else:
                fields = line.rstrip().split("\t")
                tokens.append(fields[0])
                tags.append(fields[1])
    if tokens:
        yield {"id": "last", "tokens": tokens, "ner_tags": tags}
