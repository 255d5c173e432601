"""What may be searched: ranges of numbers and lists of options, one for each hyperparameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from labkit.errors import ArgumentError

__all__ = ["Choice", "Dimension", "Option", "Real", "Space", "Whole", "checked_space"]

#: What a `Choice` may hold: it must survive the way through a file.
Option: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Real:
    """A number between two others, ends included.

    Attributes:
        low: the smallest.
        high: the largest.
        log: whether factors count alike, not differences: right for rates and strengths.

    Example:
        >>> Real(1e-3, 1e-1, log=True).grid(3)
        (0.001, 0.01, 0.1)
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _require_range(self.low, self.high, self.log)

    def grid(self, points: int) -> tuple[float, ...]:
        """So many numbers, evenly spread, both ends among them (the middle where it is one)."""
        shares = np.linspace(0, 1, points) if points > 1 else np.array([0.5])
        if not self.log:
            return tuple((self.low + shares * (self.high - self.low)).tolist())
        powers = np.log10(self.low) + shares * (np.log10(self.high) - np.log10(self.low))
        return tuple(np.clip(10**powers, self.low, self.high).tolist())

    def distribution(self) -> Any:
        """The same in Optuna's words."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Whole:
    """A whole number between two others, ends included; ``log`` as in `Real`.

    Example:
        >>> Whole(8, 128, log=True).grid(3)
        (8, 32, 128)
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _require_range(self.low, self.high, self.log)

    def grid(self, points: int) -> tuple[int, ...]:
        """At most so many numbers, evenly spread, each once."""
        spread = Real(float(self.low), float(self.high), self.log).grid(points)
        return tuple(dict.fromkeys(round(number) for number in spread))

    def distribution(self) -> Any:
        """The same in Optuna's words."""
        from optuna.distributions import IntDistribution

        return IntDistribution(self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Choice:
    """One of several options, in no order: words, numbers, True, False or None.

    Example:
        >>> Choice(("relu", "tanh")).grid(5)
        ('relu', 'tanh')
    """

    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise ArgumentError("options", required="at least one option", got=self.options)

    def grid(self, points: int) -> tuple[Option, ...]:  # noqa: ARG002
        """All options, however many points are asked for."""
        return self.options

    def distribution(self) -> Any:
        """The same in Optuna's words."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.options)


#: One side of a space.
Dimension: TypeAlias = Real | Whole | Choice
#: A dimension for each hyperparameter, by name.
Space: TypeAlias = Mapping[str, Dimension]


def checked_space(space: Space) -> None:
    """Refuse what is no space.

    Raises:
        ArgumentError: it is empty, or an entry is no dimension.
    """
    if not space:
        raise ArgumentError("space", required="at least one hyperparameter", got=dict(space))
    for name, dimension in space.items():
        if not isinstance(dimension, Real | Whole | Choice):
            required = "a Real, a Whole or a Choice"
            raise ArgumentError(f"space[{name!r}]", required=required, got=dimension)


def _require_range(low: float, high: float, log: bool) -> None:
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise ArgumentError("low, high", required="finite, low not above high", got=(low, high))
    if log and low <= 0:
        raise ArgumentError("low", required="above 0 where log is true", got=low)
