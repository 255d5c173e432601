"""What a sweep varies: a grid, a list of points, or a YAML file that says both.

A sweep file holds any of these entries::

    notebooks: [03_training]
    profile: smoke
    parameters: {epochs: 2}                       # the same in every run
    grid: {learning_rate: [0.01, 0.1], seed: [0, 1]}   # every combination
    points:                                       # and these, each as it stands
      - {learning_rate: 0.3, seed: 0}
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.errors import ArgumentError

__all__ = ["Sweep", "expand_grid", "read_sweep"]

_ENTRIES = {"notebooks": list, "profile": str, "parameters": dict, "grid": dict, "points": list}


@dataclass(frozen=True)
class Sweep:
    """A sweep file, read.

    Attributes:
        notebooks: names; all notebooks if empty.
        profile: ``""`` leaves it to the command line.
        parameters: set in every run.
        points: what each run sets besides; one empty point if nothing varies.
    """

    notebooks: tuple[str, ...] = ()
    profile: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    points: tuple[Mapping[str, Any], ...] = ({},)


def expand_grid(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values, the last name varying fastest.

    Example:
        >>> expand_grid({"epochs": [1, 2], "augment": [True]})
        [{'epochs': 1, 'augment': True}, {'epochs': 2, 'augment': True}]
        >>> expand_grid({})
        [{}]
    """
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def read_sweep(path: Path) -> Sweep:
    """Read a sweep file.

    Raises:
        ArgumentError: the file is not YAML, or has an entry that is not of the kind above.
    """
    said = _read_yaml(path)
    for name, value in said.items():
        kind = _ENTRIES.get(str(name))
        if kind is None:
            raise ArgumentError(f"an entry of {path.name}", required=_known(), got=name)
        if not isinstance(value, kind):
            kinds = {list: "a list", dict: "a table of names and values", str: "a word"}
            raise ArgumentError(f"{name} in {path.name}", required=kinds[kind], got=value)
    grid, listed = said.get("grid", {}), said.get("points", [])
    _refuse_odd(path, grid, listed)
    points = [*(expand_grid(grid) if grid or not listed else ()), *listed]
    names = tuple(str(name) for name in said.get("notebooks", ()))
    return Sweep(names, said.get("profile", ""), said.get("parameters", {}), tuple(points))


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    required = f"a YAML file with {_known()}"
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise ArgumentError("--sweep", required=required, got=f"{path}: {error}") from None
    if not isinstance(said, dict):
        raise ArgumentError("--sweep", required=required, got=said)
    return said


def _refuse_odd(path: Path, grid: Mapping[str, Any], points: Sequence[Any]) -> None:
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            required = "a list of values"
            raise ArgumentError(f"grid.{name} in {path.name}", required=required, got=values)
    for point in points:
        if not isinstance(point, dict) or not point:
            required = "a table of parameters and values"
            raise ArgumentError(f"a point of {path.name}", required=required, got=point)


def _known() -> str:
    return "one of " + ", ".join(_ENTRIES)
