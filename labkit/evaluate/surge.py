"""Has a share risen? A sum that is near zero as a rule, and grows where too much comes at once."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from labkit.errors import ArgumentError

__all__ = ["SurgeRule", "Watched"]

_HIGHEST = 1 << 14  # of the threshold
_LONGEST = 1e10  # observations: the chain is so nearly closed that rounding decides


class Watched(NamedTuple):
    """What a rule made of a row of observations.

    Attributes:
        levels: ``[n]`` the sum after each, before it starts again.
        alerts: numbers of the observations at which it alerted.
    """

    levels: np.ndarray
    alerts: np.ndarray


@dataclass(frozen=True)
class SurgeRule:
    """The cumulative sum (CUSUM) of yes-or-no observations that come one after another.

    The sum starts at 0. A yes adds ``gain``, a no takes ``loss`` away, and it never falls below 0.
    Where it reaches ``threshold`` the rule alerts, and starts at 0 again. With whole numbers the
    sum is a Markov chain of ``threshold`` states, so the mean time to an alert is exact.

    Attributes:
        usual: share of yes that is no news.
        surge: share of yes that is to be noticed as soon as can be.
        gain, loss, threshold: whole numbers, see above.

    Source: Page 1954, "Continuous inspection schemes" (Biometrika 41), for the sum; Reynolds and
        Stoumbos 1999, "A CUSUM chart for monitoring a proportion when inspecting continuously"
        (Journal of Quality Technology 31), for single observations; Brook and Evans 1972
        (Biometrika 59) for the chain. They take ``loss`` to be 1; here ``loss / (gain + loss)``
        is any plain fraction near the best reference value.

    Example:
        >>> heads_twice = SurgeRule(usual=0.3, surge=0.7, gain=1, loss=1, threshold=2)
        >>> heads_twice.watch([1, 0, 1, 1, 1, 1]).alerts.tolist()
        [3, 5]
        >>> round(heads_twice.run_length(0.5), 9)  # tosses until two heads in a row
        6.0
    """

    usual: float
    surge: float
    gain: int
    loss: int
    threshold: int

    def __post_init__(self) -> None:
        if not 0 < self.usual < self.surge < 1:
            required = "above 0, and below surge, which is below 1"
            raise ArgumentError("usual", required=required, got=(self.usual, self.surge))
        if min(self.gain, self.loss, self.threshold) < 1:
            got = (self.gain, self.loss, self.threshold)
            raise ArgumentError("gain", required="at least 1, as loss and threshold", got=got)

    @classmethod
    def promising(cls, usual: float, surge: float, *, false_alarm_every: float) -> SurgeRule:
        """The quickest such rule that alerts at the usual share no more often than promised.

        Args:
            usual: share of yes that is no news.
            surge: share of yes that is to be noticed.
            false_alarm_every: mean number of observations from one false alarm to the next, at
                least.

        Raises:
            ArgumentError: shares out of order, or a promise that no threshold in reach keeps.

        Example:
            >>> rule = SurgeRule.promising(0.15, 0.5, false_alarm_every=10_000)
            >>> rule.run_length(0.15) >= 10_000, rule.run_length(0.5) < 30
            (True, True)
        """
        if not 0 < usual < surge < 1:
            required = "above 0, and below surge, which is below 1"
            raise ArgumentError("usual", required=required, got=(usual, surge))
        if not false_alarm_every >= 1:
            got = false_alarm_every
            raise ArgumentError("false_alarm_every", required="at least 1 observation", got=got)
        share = _reference(usual, surge)
        gain, loss = share.denominator - share.numerator, share.numerator

        def kept(threshold: int) -> bool:
            return _run_length(gain, loss, threshold, usual) >= false_alarm_every

        high = 1
        while not kept(high):
            high *= 2
            if high > _HIGHEST:
                required = "within reach of such a rule: a rarer surge, or fewer observations"
                raise ArgumentError("false_alarm_every", required=required, got=false_alarm_every)
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if kept(middle) else (middle, high)
        return cls(usual, surge, gain, loss, high)

    def step(self, level: int, yes: bool) -> tuple[int, bool]:
        """The sum after one more observation, and whether it alerts; then the sum is 0."""
        level = max(0, level + (self.gain if yes else -self.loss))
        return (0, True) if level >= self.threshold else (level, False)

    def watch(self, observations: Iterable[object]) -> Watched:
        """Follow observations from a sum of 0 on: true ones are a yes."""
        levels, alerts, level = [], [], 0
        for number, yes in enumerate(observations):
            level, alert = self.step(level, bool(yes))
            levels.append(self.threshold if alert else level)
            if alert:
                alerts.append(number)
        return Watched(np.array(levels, int), np.array(alerts, int))

    def run_length(self, share: float) -> float:
        """How many observations, on average, to an alert where ``share`` of them are a yes.

        At the usual share they are as many from one false alarm to the next, for the sum starts
        again at 0; at the surge's, it is the delay of a surge that begins where the sum is 0.
        Infinite above 1e10, where rounding ends what can be said.

        Raises:
            ArgumentError: a share outside (0, 1].
        """
        if not 0 < share <= 1:
            raise ArgumentError("share", required="above 0, at most 1", got=share)
        return _run_length(self.gain, self.loss, self.threshold, share)


def _reference(usual: float, surge: float) -> Fraction:
    """A plain fraction near the share at which a sum of logarithms of likelihoods stays as it is.

    Example:
        >>> _reference(0.15, 0.5)
        Fraction(3, 10)
    """
    against = math.log((1 - usual) / (1 - surge))
    best = against / (against + math.log(surge / usual))
    for denominator in range(2, 1000):
        found = Fraction(best).limit_denominator(denominator)
        if abs(found - best) <= 0.05 * (surge - usual):
            return found
    return Fraction(best).limit_denominator(1000)


@functools.lru_cache(maxsize=256)
def _run_length(gain: int, loss: int, threshold: int, share: float) -> float:
    """Mean steps of the chain from 0 to the threshold: (I - P) lengths = 1, over the states."""
    states = np.arange(threshold)
    up, down = states + gain, np.maximum(states - loss, 0)
    inside = up < threshold
    rows = np.concatenate([states, states[inside], states])
    columns = np.concatenate([states, up[inside], down])
    values = np.concatenate(
        [np.ones(threshold), np.full(inside.sum(), -share), np.full(threshold, share - 1.0)]
    )
    chain = sparse.csc_array((values, (rows, columns)), shape=(threshold, threshold))
    length = float(np.atleast_1d(spsolve(chain, np.ones(threshold)))[0])
    return length if 0 < length < _LONGEST else math.inf
