"""What a reader can turn: each control is a short list of values, one of them chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from labkit.errors import ArgumentError

__all__ = ["Control", "control"]

#: More positions than this no reader tells apart on a slider.
MOST_POSITIONS = 2000


@dataclass(frozen=True)
class Control:
    """One argument that the reader can turn.

    Attributes:
        name: of the argument.
        kind: how it looks.
        values: what it can be, in order.
        texts: the same as the reader sees them.
        start: position of the value it begins with.
    """

    name: str
    kind: Literal["slider", "menu", "tick"]
    values: tuple[Any, ...]
    texts: tuple[str, ...]
    start: int

    @property
    def label(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")

    def thinned(self, most: int) -> Control:
        """The same control with at most so many values (2 at least), evenly spread.

        Both ends and the start stay among them.

        Example:
            >>> control("size", (0, 100, 30)).thinned(5).values
            (0, 30, 50, 75, 100)
        """
        last = len(self.values) - 1
        spread = np.linspace(0, last, min(max(most, 2), last + 1)).round().astype(int).tolist()
        if self.start not in spread:
            inner = range(1, len(spread) - 1) if len(spread) > 2 else range(len(spread))
            nearest = min(inner, key=lambda i: abs(spread[i] - self.start))
            spread[nearest] = self.start
        values, texts = ([items[i] for i in spread] for items in (self.values, self.texts))
        start = spread.index(self.start)
        return replace(self, values=tuple(values), texts=tuple(texts), start=start)

    def look(self) -> dict[str, Any]:
        """What the page needs to show it."""
        return {
            "label": self.label,
            "kind": self.kind,
            "texts": list(self.texts),
            "start": self.start,
        }


def control(name: str, spec: Any) -> Control:
    """The control that a value of ``explore(..., name=spec)`` describes.

    Raises:
        ArgumentError: the value describes none.

    Example:
        >>> control("precision", ["bfloat16", "float32"]).kind
        'menu'
        >>> control("rate", (0.0, 1.0, 0.5, 0.25)).values
        (0.0, 0.25, 0.5, 0.75, 1.0)
    """
    match spec:
        case bool():
            return Control(name, "tick", (False, True), ("no", "yes"), int(spec))
        case tuple() if len(spec) in (3, 4) and all(_is_number(value) for value in spec):
            return _slider(name, spec)
        case Mapping() if spec:
            return Control(name, "menu", tuple(spec.values()), tuple(map(str, spec)), 0)
        case list() if spec:
            return Control(name, "menu", tuple(spec), tuple(map(str, spec)), 0)
    raise ArgumentError(
        name,
        required="(low, high, start), (low, high, start, step), a list, a dict or a bool",
        got=spec,
    )


def _slider(name: str, spec: Sequence[Any]) -> Control:
    low, high, start = spec[:3]
    whole = all(isinstance(value, int | np.integer) for value in spec)
    step = spec[3] if len(spec) == 4 else 1 if whole else (high - low) / 100
    if not low <= start <= high or low == high or step <= 0:
        required = "(low, high, start, step) with low <= start <= high and step > 0"
        raise ArgumentError(name, required=required, got=spec)
    count = int((high - low) / step + 1e-9) + 1
    if count > MOST_POSITIONS:
        fix = "Give a larger step as the fourth number."
        raise ArgumentError(name, required=f"{MOST_POSITIONS} positions", got=count, fix=fix)
    grid = [low + i * step for i in range(count)]
    grid = [int(value) for value in grid] if whole else [round(float(v), 12) for v in grid]
    start = int(start) if whole else float(start)
    values = tuple(sorted({*grid, start}))  # a start between two steps is a stop of its own
    texts = tuple(str(value) if whole else f"{value:.4g}" for value in values)
    return Control(name, "slider", values, texts, values.index(start))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
