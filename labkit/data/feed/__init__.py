"""Feeding a device without starving it: sources, orders, batches, and a thread that reads ahead.

A batch is a pure function of its position, so shuffling is reproducible, a run resumes where
it stopped, and several hosts agree on every batch without talking to each other.
"""

from labkit.data.feed.batches import Batches, Position
from labkit.data.feed.npy import NpySource, write_npy
from labkit.data.feed.order import BlockShuffled, InOrder, Order, Shuffled
from labkit.data.feed.parquet import ParquetSource
from labkit.data.feed.prefetch import Feed
from labkit.data.feed.source import ArraySource, Source
from labkit.data.feed.workers import worker_batches

__all__ = [
    "ArraySource",
    "Batches",
    "BlockShuffled",
    "Feed",
    "InOrder",
    "NpySource",
    "Order",
    "ParquetSource",
    "Position",
    "Shuffled",
    "Source",
    "worker_batches",
    "write_npy",
]
