"""Quantum states in pictures: Bloch spheres, amplitudes with their phases. Plain arrays in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.viz.style import PALETTE, new_figure, styled

__all__ = ["amplitude_bars", "bloch_spheres"]


@styled
def bloch_spheres(vectors: ArrayLike, *, names: Sequence[str] | None = None) -> Figure:
    """One sphere per qubit with its Bloch vector; a short arrow means a mixed state.

    All are seen from far away, from the same side; of what points away from the reader the
    line is pale.

    Args:
        vectors: x, y, z of each qubit, of shape (n, 3), none longer than 1.
        names: one title per qubit; "qubit 0", … by default.

    Raises:
        ShapeError: if the vectors are not of shape (n, 3).

    Example:
        >>> figure = bloch_spheres([[0, 0, 1], [1, 0, 0]])
        >>> [text.get_text() for text in figure.axes[0].texts if "qubit" in text.get_text()]
        ['qubit 0', 'qubit 1']
    """
    points = np.asarray(vectors, dtype=float)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise ShapeError("vectors", required="of shape (qubits, 3)", got=points.shape)
    count = len(points)
    names = [f"qubit {i}" for i in range(count)] if names is None else names
    figure = Figure(figsize=(2.7 * count, 3.1))
    figure.set_layout_engine("none")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_axis_off()
    axis.set(xlim=(0, 2.7 * count), ylim=(-1.55, 1.55))
    centres = np.stack([2.7 * np.arange(count) + 1.35, np.full(count, -0.1)], axis=1)
    _spheres(axis, centres)
    for centre, vector, name in zip(centres, points, names, strict=True):
        _arrow(axis, centre, vector)
        axis.text(centre[0], centre[1] + 1.43, name, ha="center", fontsize=12)
    return figure


@styled
def amplitude_bars(
    amplitudes: ArrayLike, *, names: Sequence[str] | None = None, title: str = ""
) -> Figure:
    """The probability of each basis state as a bar, coloured by the amplitude's phase.

    Args:
        amplitudes: complex, of shape (2^n,).
        names: of the basis states; bit strings by default, qubit 0 last.
        title: one line above the plot.

    Example:
        >>> figure = amplitude_bars(np.array([1, 1j]) / np.sqrt(2))
        >>> [round(float(bar.get_height()), 3) for bar in figure.axes[0].patches]
        [0.5, 0.5]
    """
    state = np.asarray(amplitudes, dtype=complex)
    width = max(1, (len(state) - 1).bit_length())
    names = [format(i, f"0{width}b") for i in range(len(state))] if names is None else names
    figure, axis = new_figure(width=max(5.0, min(10.0, 0.45 * len(state) + 2)), height=3.2)
    phase, probability = np.angle(state), np.abs(state) ** 2
    colours = mpl.colormaps["twilight"]((phase + np.pi) / (2 * np.pi))
    axis.bar(range(len(state)), probability, color=colours, edgecolor="black", linewidth=0.8)
    for place, (height, angle) in enumerate(zip(probability, phase, strict=True)):
        if height > 1e-3 and len(state) <= 16:
            axis.annotate(_phase(angle), (place, height), ha="center", va="bottom", fontsize=9)
    axis.set_xticks(range(len(state)), names, rotation=90 if len(state) > 8 else 0)
    axis.set_ylim(0, 1.12 * max(probability.max(), 1e-9))
    axis.grid(visible=False, axis="x")
    axis.set_xlabel("basis state (qubit 0 last); above each bar its phase")
    axis.set_ylabel("probability")
    axis.set_title(title)
    return figure


def _seen(points: ArrayLike) -> tuple[Any, Any]:
    """Where points, of shape (..., 3), are seen, (..., 2), and how near to the reader, (...)."""
    turn, rise = np.radians([-58, 18])
    right = [-np.sin(turn), np.cos(turn), 0]
    up = [-np.sin(rise) * np.cos(turn), -np.sin(rise) * np.sin(turn), np.cos(rise)]
    near = [np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)]
    points = np.asarray(points, dtype=float)
    return points @ np.transpose([right, up]), points @ np.array(near)


def _spheres(axis: Any, centres: np.ndarray) -> None:
    """Faint spheres with their equators, their axes and the names of these.

    Lines of one look are one line with gaps: so a row of spheres draws nearly as fast as one.
    """
    for centre in centres:
        axis.add_patch(
            Circle(tuple(centre), 1, facecolor="#EAF4FB", edgecolor="#999999", linewidth=0.8)
        )
    turn = np.linspace(0, 2 * np.pi, 121)
    equator, near = _seen(np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1))
    ends, _ = _seen(np.eye(3))
    across = [part for end in ends for part in (-end, end, np.full(2, np.nan))]
    for shape, dash, width in (
        (np.where((near >= 0)[:, None], equator, np.nan), "-", 0.9),
        (np.where((near <= 0)[:, None], equator, np.nan), ":", 0.9),
        (np.array(across), ":", 0.8),
    ):
        path = np.concatenate([[*(shape + centre), (np.nan, np.nan)] for centre in centres])
        axis.plot(*path.T, color="#999999", linewidth=width, linestyle=dash)
    names = dict(zip(("x", "y", "|0⟩", "|1⟩"), [*ends, -ends[2]], strict=True))
    for centre in centres:
        for name, end in names.items():
            axis.text(*(centre + 1.2 * end), name, ha="center", va="center", fontsize=10)


def _arrow(axis: Any, centre: np.ndarray, vector: np.ndarray) -> None:
    """The Bloch vector: strong where it comes towards the reader, paler where it goes away."""
    end, near = _seen(vector)
    strength = 1.0 if near >= -1e-9 else 0.55
    axis.plot(*(centre + end), "o", color=PALETTE[1], markersize=6, alpha=strength)
    if np.linalg.norm(end) > 0.05:
        told: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 14, "zorder": 3}
        told |= {"color": PALETTE[1], "linewidth": 2.5, "alpha": strength}
        told |= {"shrinkA": 0, "shrinkB": 0}
        axis.add_patch(FancyArrowPatch(tuple(centre), tuple(centre + end), **told))


def _phase(angle: float) -> str:
    """The angle as a multiple of π, to two digits; −0 and −π as 0 and π."""
    share = round(angle / np.pi, 2) + 0.0
    share = 1.0 if share == -1 else share
    return {0.0: "0", 1.0: "π"}.get(share, f"{share:g}π")
