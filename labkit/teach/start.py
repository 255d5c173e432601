"""The first cell of every notebook: hold the parameters to their rules, choose by profile."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labkit.errors import ArgumentError
from labkit.perf.pace import pace
from labkit.teach.provenance import provenance
from labkit.teach.publish import RESULT_MIME
from labkit.teach.schema import PROFILES, Schema, parse_parameters
from labkit.units import format_time

__all__ = ["Run", "start"]


@dataclass(frozen=True)
class Run:
    """What this run of a notebook was told to do: each setting is an attribute.

    ``predicted_s`` is the time on the reference machine; what is shown to the reader is that
    time at this machine's pace (:mod:`labkit.perf.pace`).
    """

    profile: str
    predicted_s: float
    settings: Mapping[str, Any] = field(repr=False)
    origin: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["settings"][name]
        except KeyError:
            raise AttributeError(f"this run has no setting {name!r}") from None

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        told = ", ".join(f"{name} = {value!r}" for name, value in self.settings.items())
        here = pace()
        text = f"Profile {self.profile}: about {format_time(self.predicted_s * here, 2)} expected"
        text += f" here, at {here:.2g} times the reference machine's time."
        published = {"profile": self.profile, "predicted_s": self.predicted_s, **self.origin}
        return {"text/plain": f"{text}\n{told}", RESULT_MIME: {"start": published}}


def start(namespace: Mapping[str, Any], profiles: Mapping[str, Mapping[str, Any]]) -> Run:
    """Check a notebook's parameters and settle what it will do.

    Each profile gives the predicted ``seconds`` of the whole notebook on the reference
    machine (two cores), a value for each parameter that was left ``None``, and any
    other setting that differs between profiles. A parameter that was set wins.

    Args:
        namespace: ``globals()`` of the notebook.
        profiles: for each of smoke, class and full, its settings and ``seconds``.

    Returns:
        The settings as attributes (``run.epochs``). Make it the last line of its cell, tagged
        ``nbval-ignore-output``: it shows the predicted wall time.

    Raises:
        ParameterError: a parameter breaks the rule in its comment, or is unknown.
        ArgumentError: a profile is missing or says no ``seconds``.

    Example:
        >>> cell = '''profile = "smoke"  # one of: smoke, class, full
        ... epochs = None  # epochs, 1 to 200; None: the profile chooses'''
        >>> run = start({"In": ["", cell], "profile": "class", "epochs": None}, {
        ...     "smoke": {"epochs": 2, "seconds": 5},
        ...     "class": {"epochs": 9, "seconds": 60},
        ...     "full": {"epochs": 50, "seconds": 600},
        ... })
        >>> run.epochs, run.profile
        (9, 'class')
    """
    for profile in PROFILES:
        if "seconds" not in profiles.get(profile, {}):
            required = f"a table with 'seconds' for each of {', '.join(PROFILES)}"
            raise ArgumentError("profiles", required=required, got=sorted(profiles))
    schema = _declared(_executed(namespace))
    values = schema.validate({name: namespace[name] for name in schema.names if name in namespace})
    chosen = dict(profiles[values["profile"]])
    seconds = float(chosen.pop("seconds"))
    settings = {**chosen, **{name: v for name, v in values.items() if v is not None}}
    left_open = sorted(set(values) - set(settings))
    if left_open:
        required = f"a table that gives {', '.join(left_open)} for {values['profile']}"
        raise ArgumentError("profiles", required=required, got=chosen)
    origin = {"parameters": {name: settings[name] for name in values}, **provenance()}
    return Run(settings.pop("profile"), seconds, settings, origin)


def _executed(namespace: Mapping[str, Any]) -> list[str]:
    """The text of the cells run so far, newest last.

    IPython lists them in ``In``, except for a runner that keeps no history (nbval's);
    for tracebacks it also leaves each cell in the line cache.
    """
    cached = [
        "".join(entry[2])
        for name, entry in linecache.cache.items()
        if "ipykernel" in name and len(entry) == 4
    ]
    return [*cached, *namespace.get("In", ())]


def _declared(cells: list[str]) -> Schema:
    """The schema of the newest cell that begins with ``profile =`` and its rule."""
    for source in reversed(cells):
        lines = source.strip().splitlines()
        if lines and lines[0].replace(" ", "").startswith("profile=") and "one of:" in lines[0]:
            return parse_parameters(source)
    raise ArgumentError(
        "namespace",
        required="globals() of a notebook whose parameters cell was run",
        got=f"{len(cells)} executed cells without one",
        fix="Run the cell that begins with 'profile =' first.",
    )
