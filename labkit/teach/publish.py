"""Headline results: shown in the notebook, gathered by `labkit run` from the executed file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labkit.errors import ArgumentError

__all__ = ["RESULT_MIME", "Published", "publish"]

#: The MIME type under which a notebook's cells publish to programs.
RESULT_MIME = "application/vnd.labkit.result+json"


@dataclass(frozen=True)
class Published:
    """Named numbers or words that a notebook stands for."""

    results: dict[str, Any]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        text = "\n".join(f"{name} = {value}" for name, value in self.results.items())
        return {"text/plain": text, RESULT_MIME: {"results": self.results}}


def publish(**results: object) -> Published:
    """Publish a notebook's headline results, numbers rounded to 3 significant digits.

    Make it the last line of a cell. Names carry the unit (``latency_s=``).

    Args:
        **results: numbers or short words.

    Raises:
        ArgumentError: a result is neither.

    Example:
        >>> publish(test_accuracy=0.97314, parameters=1234567).results
        {'test_accuracy': 0.973, 'parameters': 1230000}
    """
    return Published({name: _rounded(name, value) for name, value in results.items()})


def _rounded(name: str, value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return type(value)(float(f"{value:.3g}"))
    raise ArgumentError(name, required="a number or a short text", got=value)
