"""A notebook's parameters: read from the comments of its parameters cell, then held to them.

One parameter per line, a literal and a comment that says what may stand there::

    profile = "smoke"      # one of: smoke, class, full
    epochs = None          # epochs, 1 to 200; None: the profile chooses
    learning_rate = 1e-3   # 1 / step, 1e-6 to 1
    augment = True         # True or False
    widths = [64, 128]     # units in each layer, 1 to 4096

Text after a semicolon is for people. A list is checked entry by entry.
"""

from __future__ import annotations

import ast
import difflib
import io
import math
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.errors import ParameterError

__all__ = ["PROFILES", "Parameter", "Schema", "parse_parameters"]

PROFILES = ("smoke", "class", "full")

_NUMBER = r"[+-]?(?:\d[\d_]*\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf)"
_RANGE = re.compile(rf"^(?:(?P<unit>.*?),\s*)?(?P<low>{_NUMBER}) to (?P<high>{_NUMBER})$", re.I)
_GRAMMAR = "commented '# unit, LOW to HIGH', '# one of: a, b' or '# True or False'"


@dataclass(frozen=True)
class Parameter:
    """One parameter: its default and what may stand in its place."""

    name: str
    default: Any
    kind: type
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[Any, ...] = ()
    is_list: bool = False

    @property
    def required(self) -> str:
        """What the parameter accepts, in words."""
        if self.choices:
            words = "one of " + ", ".join(map(str, self.choices))
        else:
            noun = {int: "a whole number", float: "a number", bool: "True or False"}[self.kind]
            bounds = "" if self.kind is bool else f" from {self.low:g} to {self.high:g}"
            unit = f" ({self.unit})" if self.unit and self.kind is not bool else ""
            words = f"{noun}{bounds}{unit}"
        if self.is_list:
            words = f"a list, each entry {words}"
        return f"{words}, or None" if self.default is None else words

    def check(self, value: object) -> Any:
        """The value, an ``int`` made ``float`` where a number is wanted.

        Raises:
            ParameterError: wrong type, out of range, or not among the choices.
        """
        if value is None and self.default is None:
            return None
        if not self.is_list:
            return self._check_one(value, value)
        if not isinstance(value, list | tuple) or not value:
            raise self._refuse(value)
        return [self._check_one(entry, value) for entry in value]

    def _check_one(self, value: Any, whole: object) -> Any:
        if type(value) is int and self.kind is float:
            value = float(value)
        if type(value) is not self.kind:
            raise self._refuse(whole)
        if self.choices and value not in self.choices:
            raise self._refuse(whole)
        if isinstance(value, int | float) and not self.low <= value <= self.high:  # NaN too
            raise self._refuse(whole)
        return value

    def _refuse(self, value: object) -> ParameterError:
        fix = ""
        if self.kind is bool and isinstance(value, str):
            fix = "Text is always true in Python; write True or False, capitalised, no quotes."
        return ParameterError(self.name, required=self.required, got=value, fix=fix)


@dataclass(frozen=True)
class Schema:
    """All parameters of one notebook, in the order they are declared."""

    parameters: tuple[Parameter, ...]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def defaults(self) -> dict[str, Any]:
        """What the notebook itself says."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def validate(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Check each given value; the parameters not given keep their defaults.

        Raises:
            ParameterError: an unknown name, a wrong type, or a value out of range.

        Example:
            >>> schema = parse_parameters("epochs = 3  # epochs, 1 to 9")
            >>> schema.validate({"epochs": 5})
            {'epochs': 5}
            >>> schema.validate({"epoch": 5})
            Traceback (most recent call last):
            ...
            labkit.errors.ParameterError: epoch must be a parameter of this notebook (epochs), \
but it is 5. Did you mean epochs?
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in values.items():
            if name not in known:
                required = f"a parameter of this notebook ({', '.join(known)})"
                close = difflib.get_close_matches(name, known, n=1)
                fix = f"Did you mean {close[0]}?" if close else ""
                raise ParameterError(name, required=required, got=value, fix=fix)
        return {**self.defaults, **{name: known[name].check(v) for name, v in values.items()}}


def parse_parameters(source: str) -> Schema:
    """Read a parameters cell.

    Args:
        source: the text of the cell.

    Raises:
        ParameterError: a line is not a commented literal, or its default breaks its own rule.

    Example:
        >>> schema = parse_parameters('rate = 0.1  # 1 / step, 1e-6 to 1; the step size')
        >>> schema.parameters[0].required
        'a number from 1e-06 to 1 (1 / step)'
    """
    comments = _comments(source)
    parameters = []
    for statement in ast.parse(source).body:
        line = ast.get_source_segment(source, statement) or ""
        if not (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            raise ParameterError(line, required="of the form 'name = literal  # rule'", got=line)
        name = statement.targets[0].id
        try:
            default = ast.literal_eval(statement.value)
        except ValueError:
            raise ParameterError(name, required="a literal", got=line) from None
        parameters.append(_parameter(name, default, comments.get(statement.end_lineno or 0, "")))
    return Schema(tuple(parameters))


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _parameter(name: str, default: Any, comment: str) -> Parameter:
    rule = comment.split(";")[0].strip()
    is_list = isinstance(default, list | tuple)
    sample = default[0] if is_list and default else default
    refused = ParameterError(name, required=_GRAMMAR, got=comment)
    if rule.lower().startswith("one of:"):
        words = [word.strip() for word in rule[len("one of:") :].split(",") if word.strip()]
        choices = tuple(words if isinstance(sample, str) else map(_literal, words))
        if not choices:
            raise refused
        kind = type(sample if sample is not None else choices[0])
        parameter = Parameter(name, default, kind, choices=choices, is_list=is_list)
    elif isinstance(sample, bool) or rule == "True or False":
        parameter = Parameter(name, default, bool, unit=rule, is_list=is_list)
    elif match := _RANGE.match(rule):
        low, high = _literal(match["low"]), _literal(match["high"])
        whole = isinstance(low, int) and (isinstance(high, int) or math.isinf(high))
        kind = type(sample) if sample is not None else (int if whole else float)
        unit = match["unit"] or ""
        parameter = Parameter(name, default, kind, unit, float(low), float(high), (), is_list)
    else:
        raise refused
    parameter.check(default)
    return parameter


def _literal(word: str) -> Any:
    if word.lstrip("+-").lower() == "inf":
        return float(word)
    try:
        return ast.literal_eval(word)
    except (ValueError, SyntaxError):
        return word
