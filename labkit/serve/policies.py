"""Which replica a request goes to: functions of the requests that each has in hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

__all__ = ["POLICIES", "Choice", "least_loaded", "power_of_two_choices", "take_turns"]

#: (requests in hand of each replica, number of this request, random numbers) -> which replica.
Choice: TypeAlias = Callable[[Sequence[int], int, random.Random], int]


def take_turns(in_hand: Sequence[int], turn: int, _: random.Random) -> int:
    """Each in turn, blind to what it has to do (round robin).

    Example:
        >>> [take_turns([9, 0], turn, random.Random(0)) for turn in range(4)]
        [0, 1, 0, 1]
    """
    return turn % len(in_hand)


def least_loaded(in_hand: Sequence[int], turn: int, _: random.Random) -> int:
    """The one with the fewest requests in hand; among equals, each in turn.

    Example:
        >>> least_loaded([2, 1, 3], 0, random.Random(0))
        1
    """
    n = len(in_hand)
    return min(((turn + i) % n for i in range(n)), key=in_hand.__getitem__)


def power_of_two_choices(in_hand: Sequence[int], _: int, rng: random.Random) -> int:
    """The less loaded of two different ones drawn at random.

    Source:
        Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, IEEE TPDS
        12(10), 2001.

    Example:
        >>> power_of_two_choices([5, 0], 0, random.Random(0))
        1
    """
    if len(in_hand) == 1:
        return 0
    first, second = rng.sample(range(len(in_hand)), 2)
    return second if in_hand[second] < in_hand[first] else first


#: By the names of the command line.
POLICIES: Mapping[str, Choice] = MappingProxyType(
    {
        "round_robin": take_turns,
        "least_loaded": least_loaded,
        "power_of_two": power_of_two_choices,
    }
)
