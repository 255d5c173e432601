"""Case 21, named entities: people, places, products in noisy text."""

from __future__ import annotations

from labkit.cases.entities.encoding import Encoded, PieceEncoding, WordEncoding
from labkit.cases.entities.finder import EntityFinder, Mention
from labkit.cases.entities.lookup import Lookup
from labkit.cases.entities.recipe import (
    EncoderRecipe,
    ScratchRecipe,
    joined,
    train_encoder,
    train_scratch,
)

__all__ = [
    "Encoded",
    "EncoderRecipe",
    "EntityFinder",
    "Lookup",
    "Mention",
    "PieceEncoding",
    "ScratchRecipe",
    "WordEncoding",
    "joined",
    "train_encoder",
    "train_scratch",
]
