"""Power laws of scale: what is left, and what melts as size and data grow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.errors import ArgumentError

__all__ = ["PowerLaw", "Spending"]


@dataclass(frozen=True)
class Spending:
    """A way to spend a compute budget.

    Attributes:
        sizes: by name, how large each quantity is to be.
        loss: what the law expects of it.
    """

    sizes: Mapping[str, float]
    loss: float


@dataclass(frozen=True)
class PowerLaw:
    """``loss = floor + sum of scale * x ** -exponent`` over one or more quantities x.

    With the quantities parameters N and examples D this is the law of Hoffmann et al. 2022
    (arXiv:2203.15556), equation 2: ``L = E + A / N**alpha + B / D**beta``.

    Attributes:
        names: the quantities.
        floor: the loss that no size removes (E), at least 0.
        scales: one for each quantity (A, B).
        exponents: one for each quantity (alpha, beta).

    Example:
        >>> law = PowerLaw(("examples",), floor=0.1, scales=(2.0,), exponents=(0.5,))
        >>> law(examples=[100, 10_000])
        array([0.3 , 0.12])
    """

    names: tuple[str, ...]
    floor: float
    scales: tuple[float, ...]
    exponents: tuple[float, ...]

    def __call__(self, **sizes: ArrayLike) -> NDArray[np.float64]:
        """The expected loss.

        Raises:
            ArgumentError: a quantity is missing, unknown, or not above 0.
        """
        if set(sizes) != set(self.names):
            raise ArgumentError("sizes", required=f"{', '.join(self.names)}", got=sorted(sizes))
        loss = np.asarray(self.floor, dtype=float)
        for name, scale, exponent in zip(self.names, self.scales, self.exponents, strict=True):
            x = np.asarray(sizes[name], dtype=float)
            if (x <= 0).any():
                raise ArgumentError(name, required="above 0", got=sizes[name])
            loss = loss + scale * x**-exponent
        return np.asarray(loss)

    def best_spending(self, budget: float, *, cost: float) -> Spending:
        """Where a budget is best spent, if it buys ``cost * x * y`` of two quantities.

        The answer in closed form: ``x = G * (budget / cost) ** (beta / (alpha + beta))`` with
        ``G = (alpha A / (beta B)) ** (1 / (alpha + beta))``, and y what is left.

        Args:
            budget: operations, say.
            cost: operations for each unit of x and unit of y: 6 for parameters and tokens of a
                dense network that sees each token once.

        Raises:
            ArgumentError: a law of other than two quantities, or one of them does not help.

        Source: Hoffmann et al. 2022, equation 4.
        """
        if len(self.names) != 2:
            raise ArgumentError("names", required="two quantities", got=self.names)
        if min(*self.scales, *self.exponents, budget, cost) <= 0:
            got = (self.scales, self.exponents, budget, cost)
            raise ArgumentError("scales, exponents, budget, cost", required="above 0", got=got)
        (a, b), (alpha, beta) = self.scales, self.exponents
        balance = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
        x = balance * (budget / cost) ** (beta / (alpha + beta))
        sizes = dict(zip(self.names, (x, budget / cost / x), strict=True))
        return Spending(sizes, float(self(**sizes)))

    def __str__(self) -> str:
        terms = [f"{self.floor:.3g}"]
        for name, scale, exponent in zip(self.names, self.scales, self.exponents, strict=True):
            terms.append(f"{scale:.3g} / {name}^{exponent:.3g}")
        return " + ".join(terms)


def half_life(exponent: float) -> float:
    """By which factor a quantity must grow for its term to halve.

    Example:
        >>> half_life(0.5)
        4.0
    """
    return math.inf if exponent <= 0 else 2 ** (1 / exponent)
