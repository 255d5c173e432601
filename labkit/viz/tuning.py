"""Pictures of a search: every trial as a line, every hyperparameter as a slice, what mattered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from labkit.errors import ArgumentError, ShapeError
from labkit.viz.style import PALETTE, new_figure, styled

__all__ = ["importance_bars", "parallel_coordinates", "slices"]


@styled
def parallel_coordinates(
    columns: Mapping[str, ArrayLike],
    scores: ArrayLike,
    *,
    score_label: str,
    log: Collection[str] = (),
    lower_is_better: bool = True,
    title: str = "",
) -> Figure:
    """One upright axis for each hyperparameter, one line for each trial, light where it is good.

    Args:
        columns: for each hyperparameter, its value in each of ``n`` trials: numbers or words.
        scores: ``n`` numbers; trials whose score is not finite are left out.
        score_label: what the score is, with its unit.
        log: the hyperparameters whose axis is logarithmic.
        lower_is_better: which end of the scale is drawn light and on top.
        title: one line above the plot.

    Raises:
        ShapeError: a column and the scores differ in length.
        ArgumentError: fewer than two hyperparameters, or no finite score.

    Example:
        >>> figure = parallel_coordinates(
        ...     {"rate": [0.1, 0.01], "bend": ["relu", "tanh"]}, [0.3, 0.2],
        ...     score_label="loss / nat", log=["rate"])
        >>> [text.get_text() for text in figure.axes[0].get_xticklabels()]
        ['rate', 'bend']
    """
    kept, values = _finite(columns, scores)
    if len(kept) < 2:
        raise ArgumentError("columns", required="at least two hyperparameters", got=list(kept))
    figure, axes = new_figure(width=min(10.0, 3.0 + 1.6 * len(kept)))
    heights = []
    for place, (name, column) in enumerate(kept.items()):
        height, ticks = _placed(column, log=name in log)
        heights.append(height)
        axes.axvline(place, color="#888888", linewidth=1)
        for at, text in ticks:
            axes.annotate(
                text, (place, at), xytext=(4, 2), textcoords="offset points", fontsize=9, zorder=3
            )
    norm = mpl.colors.Normalize(values.min(), values.max())
    shades = mpl.colormaps["cividis_r" if lower_is_better else "cividis"]
    order = np.argsort(-values if lower_is_better else values, kind="stable")
    for trial in order:  # the best comes last, on top
        line = [height[trial] for height in heights]
        axes.plot(range(len(line)), line, color=shades(norm(values[trial])), linewidth=1.4)
    axes.set_xticks(range(len(kept)), list(kept))
    axes.set_xlim(-0.1, len(kept) - 0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    axes.set_title(title)
    figure.colorbar(mpl.cm.ScalarMappable(norm, shades), ax=axes, label=score_label)
    return figure


@styled
def slices(
    columns: Mapping[str, ArrayLike],
    scores: ArrayLike,
    *,
    score_label: str,
    log: Collection[str] = (),
    title: str = "",
) -> Figure:
    """The score over each hyperparameter on its own: one panel each, one point for each trial.

    Args:
        columns: for each hyperparameter, its value in each of ``n`` trials: numbers or words.
        scores: ``n`` numbers; trials whose score is not finite are left out.
        score_label: what the score is, with its unit.
        log: the hyperparameters whose axis is logarithmic.
        title: one line above the panels.

    Raises:
        ShapeError: a column and the scores differ in length.
        ArgumentError: no hyperparameter, or no finite score.

    Example:
        >>> figure = slices({"rate": [0.1, 0.01, 0.001]}, [0.4, 0.2, 0.3],
        ...                 score_label="loss / nat", log=["rate"])
        >>> figure.axes[0].get_xscale()
        'log'
    """
    kept, values = _finite(columns, scores)
    width = min(10.0, 1.2 + 2.8 * len(kept))
    figure, axes = new_figure(1, len(kept), width=width, height=3.2, squeeze=False, sharey=True)
    for i, (panel, (name, column)) in enumerate(zip(axes[0], kept.items(), strict=True)):
        x = column if column.dtype.kind in "iuf" else column.astype(str)
        panel.scatter(x, values, color=PALETTE[i % len(PALETTE)], s=22)
        panel.set_xlabel(name)
        if name in log:
            panel.set_xscale("log")
    axes[0, 0].set_ylabel(score_label)
    if title:
        figure.suptitle(title)
    return figure


@styled
def importance_bars(shares: Mapping[str, float], *, title: str = "") -> Figure:
    """How much of the differences between trials each hyperparameter explains, the most on top.

    Args:
        shares: by name, between 0 and 1.
        title: one line above the plot.

    Raises:
        ArgumentError: nothing to show.

    Example:
        >>> figure = importance_bars({"rate": 0.7, "width": 0.3})
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['width', 'rate']
    """
    if not shares:
        raise ArgumentError("shares", required="at least one hyperparameter", got=dict(shares))
    ordered = sorted(shares.items(), key=lambda entry: entry[1])
    figure, axes = new_figure(height=1.4 + 0.45 * len(ordered))
    lengths = [share for _, share in ordered]
    axes.barh(range(len(ordered)), lengths, color=PALETTE[0], height=0.6)
    for place, share in enumerate(lengths):
        axes.annotate(
            f"{share:.2f}",
            (share, place),
            xytext=(4, 0),
            va="center",
            textcoords="offset points",
            fontsize=10,
        )
    axes.set_yticks(range(len(ordered)), [name for name, _ in ordered])
    axes.set_xlim(0, max(1.0, *lengths))
    axes.set_xlabel("share of the variance explained")
    axes.grid(visible=False, axis="y")
    axes.set_title(title)
    return figure


def _finite(
    columns: Mapping[str, ArrayLike], scores: ArrayLike
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float64]]:
    """The trials with a finite score."""
    values = np.asarray(scores, dtype=float)
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    for name, column in arrays.items():
        if column.shape != values.shape or values.ndim != 1:
            raise ShapeError(
                f"columns[{name!r}]",
                required=f"of shape {values.shape}, one for each score",
                got=column.shape,
            )
    keep = np.isfinite(values)
    if not arrays or not keep.any():
        required = "at least one hyperparameter and one finite score"
        raise ArgumentError(
            "columns, scores", required=required, got=(list(arrays), int(keep.sum()))
        )
    return {name: column[keep] for name, column in arrays.items()}, values[keep]


def _placed(column: NDArray[Any], *, log: bool) -> tuple[NDArray[Any], list[tuple[float, str]]]:
    """Each value's height between 0 and 1, and what is written where."""
    if column.dtype.kind not in "iuf":
        words = column.astype(str)
        names = sorted(set(words.tolist()))
        places = np.linspace(0, 1, len(names)) if len(names) > 1 else np.array([0.5])
        height = dict(zip(names, places.tolist(), strict=True))
        return np.array([height[word] for word in words]), [(h, n) for n, h in height.items()]
    numbers = np.log10(column) if log else column.astype(float)
    low, high = float(numbers.min()), float(numbers.max())
    span = (high - low) or 1.0
    shown = [low + share * span for share in (0.0, 0.5, 1.0)]
    told = [f"{10**value if log else value:.3g}" for value in shown]
    return (numbers - low) / span, list(zip((0.0, 0.5, 1.0), told, strict=True))
