"""Which formulation is fastest here: a small measured table, read while a program is traced.

The package brings a table measured on a machine of each of two makers of processors. `tune`
measures this machine and writes its own table to the user's cache folder, where it is found from
then on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from labkit.hw import cache_folder, this_cpu

__all__ = ["Choice", "choices", "choose", "forget", "packaged_table", "table_path", "write_choices"]


@dataclass(frozen=True)
class Choice:
    """One line of the table: the fastest formulation on one measured shape.

    Attributes:
        operation: a class of calls, such as ``"conv3x3"``.
        shape: what else matters, such as pixels and channels; compared by ratio.
        method: the formulation that was fastest for value and gradients together.
        forward: the one that was fastest for the value alone, as inference asks for it.
        seconds: what each formulation took for value and gradients.
        forward_seconds: what each took for the value alone.
    """

    operation: str
    shape: Mapping[str, int]
    method: str
    forward: str
    seconds: Mapping[str, float]
    forward_seconds: Mapping[str, float]


def choose(operation: str, **shape: int) -> tuple[str, str]:
    """The fastest formulations on the most similar shape measured: to train with, to answer with.

    Similar means that the ratios of the sizes are small: the distance is the sum of the absolute
    logarithms. An operation that nobody measured is left to the compiler.

    Example:
        >>> choose("an operation that nobody measured", pixels=100)
        ('xla', 'xla')
    """
    known = [choice for choice in choices() if choice.operation == operation]
    if not known:
        return "xla", "xla"
    nearest = min(known, key=lambda choice: _distance(choice.shape, shape))
    return nearest.method, nearest.forward


@lru_cache(maxsize=1)
def choices() -> tuple[Choice, ...]:
    """The table in force: this machine's if it was tuned, else that of a processor like its own."""
    own = table_path()
    path = own if own.is_file() else packaged_table(this_cpu().name)
    return tuple(Choice(**line) for line in json.loads(path.read_text())["choices"])


def packaged_table(processor: str) -> Path:
    """The table that the package brings for a processor of this name.

    Example:
        >>> packaged_table("AMD EPYC 9754").name, packaged_table("Apple M3").name
        ('choices_amd.json', 'choices_intel.json')
    """
    maker = "amd" if "AMD" in processor else "intel"
    return Path(__file__).with_name(f"choices_{maker}.json")


def table_path() -> Path:
    """Where `labkit.kernels.tune` keeps this machine's table."""
    return cache_folder() / "kernels.json"


def write_choices(measured: list[Choice], about: Mapping[str, str], path: Path) -> None:
    """Store a table; what was compiled before keeps the formulations it was traced with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**about, "choices": [asdict(choice) for choice in measured]}, indent=1)
    path.write_text(text + "\n")
    forget()


def forget() -> None:
    """Read the table again at the next call."""
    choices.cache_clear()


def _distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    return sum(abs(math.log(one[key] / other[key])) for key in one.keys() & other.keys())
