"""Comparison plots of a collected table: each result against what was varied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "compare"]

#: Runs that differ in this parameter alone are repetitions: their mean and range are shown.
REPEATED = "parameter.seed"
#: More lines or bars than this are not told apart.
MOST_LINES, MOST_BARS = 8, 24


@dataclass(frozen=True)
class Comparison:
    """One plot.

    Attributes:
        name: of the notebook and the result, fit for a file name.
        figure: of matplotlib, as any plot of ``labkit.viz``.
        alt: the plot in words.
    """

    name: str
    figure: Any
    alt: str


def compare(table: pd.DataFrame) -> Iterator[Comparison]:
    """A plot for each notebook that ran more than once and each number it published.

    Against the numeric parameter with the most values, one line for each combination of the
    others; as bars where nothing numeric was varied. Runs that differ in their seed only
    become one point with their range.
    """
    for notebook, runs in table[table["status"] == "ok"].groupby("notebook", sort=True):
        varied = [
            name
            for name in runs.columns
            if name == "profile" or name.startswith("parameter.")
            if runs[name].nunique() > 1
        ]
        for result in (name for name in runs.columns if name.startswith("result.")):
            drawn = runs[runs[result].notna()]
            if varied and _is_number(drawn[result]) and len(drawn) > 1:
                title = f"{notebook}: {_words(result)}"
                name = f"{notebook}-{result.removeprefix('result.')}"
                yield Comparison(name, *_draw(drawn, result, varied, title))


def _draw(runs: pd.DataFrame, result: str, varied: list[str], title: str) -> tuple[Any, str]:
    numeric = [name for name in varied if name != REPEATED and _is_number(runs[name])]
    if not numeric:
        return _bars(runs, result, varied, title)
    axis = max(numeric, key=lambda name: runs[name].nunique())
    others = [name for name in varied if name not in (axis, REPEATED)]
    if _count(runs, others) > MOST_LINES:
        return _bars(runs, result, varied, title)
    return _lines(runs, result, axis, others, title)


def _lines(
    runs: pd.DataFrame, result: str, axis: str, others: list[str], title: str
) -> tuple[Any, str]:
    from labkit import viz

    x = sorted(runs[axis].dropna().unique())
    series, bands = {}, {}
    for label, part in _parts(runs, others):
        grouped = part.groupby(axis)[result]
        series[label] = _at(x, grouped.mean())
        if part.groupby(axis).size().max() > 1:
            low, high = (_at(x, edge) for edge in (grouped.min(), grouped.max()))
            bands[label] = (low, high)
    first, last = float(x[0]), float(x[-1])
    figure = viz.lines(
        [float(value) for value in x], series, bands=bands, title=title,
        xlabel=_words(axis), ylabel=_words(result), logx=first > 0 and last / first >= 30,
    )  # fmt: skip
    by = f", one line for each {_listed(others)}" if others else ""
    return figure, f"Lines: {_words(result)} against {_words(axis)}{by}. {_best(runs, result)}"


def _at(x: list[Any], values: pd.Series) -> list[float]:
    """The values at the positions ``x``, NaN where there is none."""
    return [float(values.get(position, math.nan)) for position in x]


def _bars(runs: pd.DataFrame, result: str, varied: list[str], title: str) -> tuple[Any, str]:
    from labkit import viz

    told = [name for name in varied if name != REPEATED] or varied
    parts = dict(_parts(runs, told))
    means = {label: float(part[result].mean()) for label, part in parts.items()}
    shown = sorted(means, key=means.__getitem__, reverse=True)[:MOST_BARS]
    figure = viz.bars(
        shown, {_words(result): [means[label] for label in shown]}, ylabel=_words(result),
        title=title, width=max(6.4, 0.5 * len(shown)),
    )  # fmt: skip
    more = f" (the {len(shown)} highest of {len(means)})" if len(means) > len(shown) else ""
    alt = f"Bars: {_words(result)} for each {_listed(told)}{more}. {_best(runs, result)}"
    return figure, alt


def _parts(runs: pd.DataFrame, names: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    if not names:
        yield "all runs", runs
        return
    for values, part in runs.groupby(names, sort=True, dropna=False):
        yield ", ".join(f"{_words(n)} {v}" for n, v in zip(names, values, strict=True)), part


def _best(runs: pd.DataFrame, result: str) -> str:
    ordered = runs.sort_values(result, kind="stable")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    return (
        f"From {low[result]:.3g} in {low['run']} to {high[result]:.3g} in {high['run']}, "
        f"{len(runs)} runs."
    )


def _is_number(column: Any) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _count(runs: pd.DataFrame, names: list[str]) -> int:
    return len(runs[names].drop_duplicates()) if names else 1


def _listed(names: list[str]) -> str:
    return " and ".join(map(_words, names))


def _words(column: str) -> str:
    return column.rpartition(".")[2].replace("_", " ")
