"""Answers kept by the content of their question, the one used longest ago dropped first."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np

__all__ = ["ResponseCache"]


class ResponseCache:
    """Remembers outputs by the bytes of the inputs, up to ``max_bytes`` of outputs and keys.

    Example:
        >>> cache = ResponseCache(max_bytes=1000)
        >>> question = np.array([[1.0, 2.0]])
        >>> cache.put(cache.key(question), np.array([[3.0]]))
        >>> cache.get(cache.key(question.copy()))
        array([[3.]])
    """

    #: A digest and what Python needs to hold an entry, beside the array's own bytes.
    ENTRY_BYTES = 256

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes, self.used_bytes = max_bytes, 0
        self.hits = self.misses = 0
        self._kept: OrderedDict[bytes, np.ndarray] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    @staticmethod
    def key(rows: np.ndarray) -> bytes:
        """A digest of shape, type and content: equal questions have equal keys."""
        digest = hashlib.blake2b(f"{rows.dtype.str}{rows.shape}".encode(), digest_size=16)
        digest.update(np.ascontiguousarray(rows).data)
        return digest.digest()

    def get(self, key: bytes) -> np.ndarray | None:
        """The answer, or None; counts as used."""
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            return None
        self._kept.move_to_end(key)
        self.hits += 1
        return found

    def put(self, key: bytes, rows: np.ndarray) -> None:
        """Remember an answer; one larger than the cache is not kept."""
        size = rows.nbytes + self.ENTRY_BYTES
        if size > self.max_bytes:
            return
        before = self._kept.pop(key, None)
        if before is not None:
            self.used_bytes -= before.nbytes + self.ENTRY_BYTES
        # A copy: a slice of a batch would keep the whole batch alive.
        self._kept[key] = rows.copy()
        self.used_bytes += size
        while self.used_bytes > self.max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.used_bytes -= dropped.nbytes + self.ENTRY_BYTES
