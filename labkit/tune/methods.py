"""How the next trial is chosen, and when one is stopped before its end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from labkit.errors import ArgumentError
from labkit.tune.past import Past, quiet_optuna
from labkit.tune.space import Space

__all__ = [
    "Bayesian",
    "Grid",
    "Hyperband",
    "Method",
    "Pruning",
    "Random",
    "SuccessiveHalving",
]


@runtime_checkable
class Method(Protocol):
    """Proposes the hyperparameters of a trial."""

    @property
    def learns(self) -> bool:
        """Whether a proposal depends on the trials before it."""

    def propose(self, past: Past, number: int) -> dict[str, Any]:
        """The hyperparameters of trial ``number``: a function of the arguments alone."""

    def size(self, space: Space) -> float:
        """How many different trials there are."""


@dataclass(frozen=True)
class Grid:
    """Every combination of evenly spread values, the last hyperparameter turning fastest.

    Attributes:
        points: values of each range; a `Choice` gives all its options.

    Example:
        >>> from labkit.tune import Choice, Real
        >>> space = {"rate": Real(0.1, 1.0, log=True), "bend": Choice(("relu", "tanh"))}
        >>> past = Past(space, (), maximise=False, seed=0)
        >>> [tuple(Grid(2).propose(past, number).values()) for number in range(3)]
        [(0.1, 'relu'), (0.1, 'tanh'), (1.0, 'relu')]
    """

    points: int = 4
    learns: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.points < 1:
            raise ArgumentError("points", required="at least 1", got=self.points)

    def propose(self, past: Past, number: int) -> dict[str, Any]:
        """The values at this place of the grid."""
        sides = {name: side.grid(self.points) for name, side in past.space.items()}
        places = np.unravel_index(number, [len(values) for values in sides.values()])
        return {n: values[i] for (n, values), i in zip(sides.items(), places, strict=True)}

    def size(self, space: Space) -> float:
        """The product of the sides."""
        return math.prod(len(side.grid(self.points)) for side in space.values())


@dataclass(frozen=True)
class Random:
    """Each hyperparameter drawn evenly from its range, without looking back.

    With d hyperparameters of which few matter, n random trials try n values of each of those; a
    grid tries only the d-th root of n.

    Source: Bergstra and Bengio 2012, "Random Search for Hyper-Parameter Optimization" (JMLR 13).
    """

    learns: ClassVar[bool] = False

    def propose(self, past: Past, number: int) -> dict[str, Any]:
        """A draw, from the seed and the number."""
        nothing = Past(past.space, (), past.maximise, past.seed)
        sampler = quiet_optuna().samplers.RandomSampler(seed=past.seed_of(number))
        return _asked(nothing.study(0, sampler=sampler), past.space)

    def size(self, space: Space) -> float:  # noqa: ARG002
        """Without end."""
        return math.inf


@dataclass(frozen=True)
class Bayesian:
    """Optuna's tree of Parzen estimators: where good trials are dense and bad ones are not.

    Attributes:
        startup: trials drawn at random before it begins to learn.

    Source: Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4, as
        implemented by `optuna.samplers.TPESampler`.
    """

    startup: int = 10
    learns: ClassVar[bool] = True

    def propose(self, past: Past, number: int) -> dict[str, Any]:
        """The most promising of the sampler's candidates."""
        sampler = quiet_optuna().samplers.TPESampler(
            n_startup_trials=self.startup, seed=past.seed_of(number)
        )
        return _asked(past.study(number, sampler=sampler), past.space)

    def size(self, space: Space) -> float:  # noqa: ARG002
        """Without end."""
        return math.inf


@runtime_checkable
class Pruning(Protocol):
    """Stops trials that have fallen behind."""

    def pruner(self) -> Any:
        """The rule in Optuna's words."""


@dataclass(frozen=True)
class SuccessiveHalving:
    """At steps ``min_steps * factor**k`` only the best share ``1 / factor`` goes on.

    A trial is held against those that came before it, so none waits for another (Optuna's
    variant of ASHA): early trials meet little competition.

    Attributes:
        min_steps: the first step at which a trial may be stopped.
        factor: one of so many goes on.

    Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"
        (arXiv:1810.05934), algorithm 2, without the resumption of stopped trials.
    """

    min_steps: int = 1
    factor: int = 3

    def __post_init__(self) -> None:
        _require_steps(self.min_steps, self.factor)

    def pruner(self) -> Any:
        """`optuna.pruners.SuccessiveHalvingPruner`."""
        return quiet_optuna().pruners.SuccessiveHalvingPruner(
            min_resource=self.min_steps, reduction_factor=self.factor
        )


@dataclass(frozen=True)
class Hyperband:
    """Several successive halvings, from hasty to patient, among which the trials are divided.

    Attributes:
        max_steps: the last step of a trial that goes to its end.
        min_steps: the first step at which the hastiest stops a trial.
        factor: one of so many goes on.

    Source: Li et al. 2018, "Hyperband" (JMLR 18), as implemented by
        `optuna.pruners.HyperbandPruner`: brackets are drawn for each trial, not run in turn.
    """

    max_steps: int
    min_steps: int = 1
    factor: int = 3

    def __post_init__(self) -> None:
        _require_steps(self.min_steps, self.factor)
        if self.max_steps < self.min_steps:
            raise ArgumentError("max_steps", required=f">= {self.min_steps}", got=self.max_steps)

    def pruner(self) -> Any:
        """`optuna.pruners.HyperbandPruner`."""
        return quiet_optuna().pruners.HyperbandPruner(
            min_resource=self.min_steps, max_resource=self.max_steps, reduction_factor=self.factor
        )


def _require_steps(min_steps: int, factor: int) -> None:
    if min_steps < 1 or factor < 2:
        required = "at least 1 and at least 2"
        raise ArgumentError("min_steps, factor", required=required, got=(min_steps, factor))


def _asked(study: Any, space: Space) -> dict[str, Any]:
    trial = study.ask({name: side.distribution() for name, side in space.items()})
    return {name: trial.params[name] for name in space}
