"""What a leakage check raises."""

from __future__ import annotations

from labkit.errors import DataError

__all__ = ["LeakageError"]


class LeakageError(DataError):
    """Something of the test set reached the training; a score on that test set means nothing."""
