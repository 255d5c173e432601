"""The errors of labkit: each says what was wrong, what was required, and what to do."""

from __future__ import annotations

__all__ = [
    "ArgumentError",
    "CheckpointError",
    "CircuitError",
    "DataError",
    "LabkitError",
    "OfflineError",
    "ParameterError",
    "ResourceError",
    "ShapeError",
    "TrainingError",
]


class LabkitError(Exception):
    """Base of every error that labkit raises on purpose."""


class ArgumentError(LabkitError, ValueError):
    """An argument has a value that the function cannot take.

    Args:
        argument: the argument's name, as the caller wrote it.
        required: what would have been accepted.
        got: what arrived.
        fix: one sentence that says what to do; optional.

    Example:
        >>> raise ArgumentError("stride", required="a positive integer", got=0)
        Traceback (most recent call last):
        ...
        labkit.errors.ArgumentError: stride must be a positive integer, but it is 0.
    """

    def __init__(self, argument: str, *, required: str, got: object, fix: str = "") -> None:
        self.argument, self.required, self.got, self.fix = argument, required, got, fix
        shown = repr(got)
        shown = shown if len(shown) <= 120 else shown[:117] + "..."
        sentence = f"{argument} must be {required}, but it is {shown}."
        super().__init__(f"{sentence} {fix}".rstrip())


class ShapeError(ArgumentError):
    """An array has a shape or a type that the function cannot take."""


class ParameterError(ArgumentError):
    """A notebook parameter is unknown, of the wrong type, or out of its range."""


class DataError(LabkitError):
    """A data file is missing, altered, cut short, or not in its format."""


class OfflineError(DataError):
    """A file is not on this machine and cannot be fetched; the message says where to put it."""


class TrainingError(LabkitError):
    """Training cannot go on: a loss that is not finite, labels out of range."""


class CheckpointError(LabkitError):
    """A checkpoint cannot be written or read; what was saved before is still there."""


class ResourceError(LabkitError):
    """A computation would not fit the memory or the time it was given; says the estimate."""


class CircuitError(LabkitError):
    """A circuit holds what the JAX executor cannot run; names the instruction."""
