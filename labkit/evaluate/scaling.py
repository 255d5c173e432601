"""Fit a power law to measured losses, with intervals, and predict a run before it is run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from labkit.errors import ArgumentError, ShapeError
from labkit.evaluate.power_law import PowerLaw

__all__ = ["PowerLawFit", "Prediction", "fit_power_law"]

_DELTA = 1e-3  # where Huber's loss turns from square to straight, in units of log loss
_FOLLOWED, _POLISHED = 24, 3  # starts that are followed roughly, and of those to their minimum
_ROUGH = 0.03  # delta at first: smoother, so that few steps lead near
_LOWEST_FLOOR = 1e-4  # of the lowest loss: below it a floor is none
_EXPONENTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)

Parameters = NDArray[np.float64]  # log floor, then log scale and exponent of each quantity


class Prediction(NamedTuple):
    """What a law expects of a run, and the interval of its bootstrap."""

    loss: float
    low: float
    high: float


@dataclass(frozen=True)
class PowerLawFit:
    """A law, how well it fits, and laws fitted to resampled runs.

    Attributes:
        law: fitted to all runs.
        resampled: laws fitted to runs drawn with replacement; empty without a bootstrap.
        log_residuals: ``[n]`` log of measured over fitted loss, run by run.
    """

    law: PowerLaw
    resampled: tuple[PowerLaw, ...]
    log_residuals: NDArray[np.float64]

    def predict(self, *, confidence: float = 0.9, **sizes: float) -> Prediction:
        """The loss to expect, before the run: the law's, and the bootstrap's quantiles.

        The interval says how well the runs determine the law, if there is one; it knows nothing
        of the noise of a single run, or of a law that bends beyond what was seen.
        """
        losses = self._bootstrap("predict", [float(law(**sizes)) for law in self.resampled])
        low, high = np.quantile(losses, [(1 - confidence) / 2, (1 + confidence) / 2])
        return Prediction(float(self.law(**sizes)), float(low), float(high))

    def exponent_interval(self, name: str, *, confidence: float = 0.9) -> tuple[float, float]:
        """The bootstrap's quantiles of one exponent."""
        if name not in self.law.names:
            raise ArgumentError("name", required=f"one of {', '.join(self.law.names)}", got=name)
        place = self.law.names.index(name)
        values = self._bootstrap("name", [law.exponents[place] for law in self.resampled])
        low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
        return float(low), float(high)

    def _bootstrap(self, argument: str, values: list[float]) -> list[float]:
        if not values:
            fix = "Fit with bootstrap=200, say."
            raise ArgumentError(argument, required="asked of a bootstrap", got=0, fix=fix)
        return values


def fit_power_law(
    losses: ArrayLike, sizes: Mapping[str, ArrayLike], *, bootstrap: int = 0, seed: int = 0
) -> PowerLawFit:
    """Fit ``loss = E + sum of A_k x_k ** -alpha_k`` to runs.

    Made small is the sum of Huber's loss (delta = 0.001) of ``log(measured) - log(fitted)``, so
    that a run off the law counts little, by L-BFGS over ``log E, log A_k, alpha_k`` from a grid
    of starts: Hoffmann et al. 2022 (arXiv:2203.15556), appendix D.2, with these departures:

    - any number of quantities, not just parameters and tokens;
    - their grid of 4,500 starts is for language models; here the floor starts at shares of the
      lowest loss, each term at a share of the mean loss, and the exponents at six values; the 24
      best starts are followed with delta = 0.03, the 3 best ends of these to their minimum;
    - exponents are held in [0, 4], the floor above a ten-thousandth of the lowest loss, and for
      the search sizes are divided by their geometric mean, which changes no law;
    - the intervals are quantiles of a bootstrap over runs (they give none for the law itself).

    Args:
        losses: ``[n]`` measured, above 0; averages over seeds make a steadier law.
        sizes: for each quantity, its ``[n]`` values.
        bootstrap: how many times the runs are drawn anew, for intervals.
        seed: of the draws.

    Raises:
        ShapeError: lists of different lengths, or fewer runs than the law has numbers.
        ArgumentError: a loss or a size that is not finite and above 0, or that never changes.

    Example:
        >>> n = np.array([10, 30, 100, 300, 1000, 3000])
        >>> fit = fit_power_law(0.2 + 3 * n**-0.5, {"examples": n})
        >>> print(fit.law)
        0.2 + 3 / examples^0.5
    """
    y, names, x = _checked(losses, sizes)
    centre = np.log(x).mean(0)
    log_x, log_y = np.log(x) - centre, np.log(y)
    starts = _starts(log_y, log_x)
    values = _huber(_log_fitted(starts, log_x) - log_y, _DELTA).sum(-1)
    best = _minimum(starts[np.argsort(values, kind="stable")[:_FOLLOWED]], log_x, log_y)
    draws = np.random.default_rng(seed).integers(0, len(y), (bootstrap, len(y)))
    again = [_minimum([best], log_x[rows], log_y[rows]) for rows in draws]
    return PowerLawFit(
        _law(names, best, centre),
        tuple(_law(names, theta, centre) for theta in again),
        log_y - _log_fitted(best, log_x),
    )


def _log_fitted(theta: Parameters, log_x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the law, from log x [n, k]; theta may carry leading axes."""
    return np.logaddexp.reduce(_terms(theta, log_x), axis=-1)


def _terms(theta: Parameters, log_x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logs of floor and terms, [..., n, 1 + k]."""
    scales, exponents = theta[..., None, 1::2], theta[..., None, 2::2]
    melting = scales - exponents * log_x
    floor = np.broadcast_to(theta[..., None, :1], (*melting.shape[:-1], 1))
    return np.concatenate([floor, melting], axis=-1)


def _huber(residual: NDArray[np.float64], delta: float) -> NDArray[np.float64]:
    size = np.abs(residual)
    return np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta))


def _objective(
    theta: Parameters, log_x: NDArray[np.float64], log_y: NDArray[np.float64], delta: float
) -> tuple[float, Parameters]:
    """The sum of Huber losses and its gradient, both over delta: numbers near 1 for L-BFGS."""
    terms = _terms(theta, log_x)
    fitted = np.logaddexp.reduce(terms, axis=-1)
    residual = fitted - log_y
    pull = np.clip(residual, -delta, delta)[:, None] * np.exp(terms - fitted[:, None])
    gradient = np.empty_like(theta)
    gradient[0], gradient[1::2] = pull[:, 0].sum(), pull[:, 1:].sum(0)
    gradient[2::2] = -(pull[:, 1:] * log_x).sum(0)
    return float(_huber(residual, delta).sum()) / delta, gradient / delta


def _starts(log_y: NDArray[np.float64], log_x: NDArray[np.float64]) -> Parameters:
    """The grid: floors, heights of the terms at the centre, exponents; [starts, parameters]."""
    lowest, spread = np.exp(log_y.min()), np.exp(log_y).mean()
    quantities = log_x.shape[1]
    floors = [np.log(share * lowest) for share in _SHARES]
    pairs = [(np.log(share * spread), exponent) for share in _SHARES for exponent in _EXPONENTS]
    if quantities > 2:  # the product would grow beyond use
        pairs = pairs[:: 2 ** (quantities - 2)]
    combinations = itertools.product(floors, *[pairs] * quantities)
    return np.array([[f, *itertools.chain(*terms)] for f, *terms in combinations])


def _minimum(
    starts: Iterable[Parameters], log_x: NDArray[np.float64], log_y: NDArray[np.float64]
) -> Parameters:
    """The best of the minima below the starts."""
    rough = [_descended(start, log_x, log_y, _ROUGH, steps=80) for start in starts]
    near = sorted(rough, key=lambda end: end[1])[:_POLISHED]
    ends = [_descended(theta, log_x, log_y, _DELTA, steps=400) for theta, _ in near]
    return min(ends, key=lambda end: end[1])[0]


def _descended(
    start: Parameters,
    log_x: NDArray[np.float64],
    log_y: NDArray[np.float64],
    delta: float,
    *,
    steps: int,
) -> tuple[Parameters, float]:
    lowest = float(log_y.min()) + np.log(_LOWEST_FLOOR)
    bounds = [(lowest, None), *[(None, None), (0.0, 4.0)] * log_x.shape[1]]
    end = minimize(
        _objective,
        start,
        args=(log_x, log_y, delta),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": steps, "ftol": 1e-13, "gtol": 1e-9},
    )
    return end.x, float(end.fun)


def _law(names: tuple[str, ...], theta: Parameters, centre: NDArray[np.float64]) -> PowerLaw:
    exponents = theta[2::2]
    scales = np.exp(theta[1::2] + exponents * centre)
    return PowerLaw(
        names, float(np.exp(theta[0])), tuple(scales.tolist()), tuple(exponents.tolist())
    )


def _checked(
    losses: ArrayLike, sizes: Mapping[str, ArrayLike]
) -> tuple[NDArray[np.float64], tuple[str, ...], NDArray[np.float64]]:
    y = np.asarray(losses, dtype=float)
    columns = {name: np.asarray(values, dtype=float) for name, values in sizes.items()}
    shapes = {name: column.shape for name, column in columns.items()}
    if y.ndim != 1 or not columns or set(shapes.values()) != {y.shape}:
        got = {"losses": y.shape, **shapes}
        raise ShapeError("sizes", required="one list for each quantity, as long as losses", got=got)
    if len(y) < 2 + 2 * len(columns):
        required = f"at least {2 + 2 * len(columns)} runs for {len(columns)} quantities"
        raise ShapeError("losses", required=required, got=len(y))
    for name, column in {"losses": y, **columns}.items():
        if not (np.isfinite(column) & (column > 0)).all() or np.ptp(column) == 0:
            required = "finite, above 0, and not all the same"
            raise ArgumentError(name, required=required, got=column.tolist())
    return y, tuple(columns), np.stack(list(columns.values()), axis=1)
