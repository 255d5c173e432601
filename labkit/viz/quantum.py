"""Quantum states in pictures: Bloch spheres, amplitudes with their phases. Plain arrays in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle
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
    for i, (vector, name) in enumerate(zip(points, names, strict=True)):
        centre = np.array([2.7 * i + 1.35, -0.1])
        _sphere(axis, centre)
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


def _sphere(axis: Any, centre: Any) -> None:
    """A faint sphere with its equator, its axes and their names."""
    axis.add_patch(
        Circle(tuple(centre), 1, facecolor="#EAF4FB", edgecolor="#999999", linewidth=0.8)
    )
    turn = np.linspace(0, 2 * np.pi, 121)
    equator, near = _seen(np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1))
    for part, dash in ((near >= 0, "-"), (near <= 0, ":")):
        shown = np.where(part[:, None], equator + centre, np.nan)
        axis.plot(*shown.T, color="#999999", linewidth=0.9, linestyle=dash)
    for name, direction in zip(("x", "y", "|0⟩"), np.eye(3), strict=True):
        end, _ = _seen(direction)
        axis.plot(*np.transpose([centre - end, centre + end]), color="#999999", lw=0.8, ls=":")
        axis.text(*(centre + 1.2 * end), name, ha="center", va="center", fontsize=10)
    axis.text(*(centre + 1.2 * _seen([0, 0, -1])[0]), "|1⟩", ha="center", va="center", fontsize=10)


def _arrow(axis: Any, centre: np.ndarray, vector: np.ndarray) -> None:
    """The Bloch vector: strong where it comes towards the reader, paler where it goes away."""
    end, near = _seen(vector)
    strength = 1.0 if near >= -1e-9 else 0.55
    axis.plot(*(centre + end), "o", color=PALETTE[1], markersize=6, alpha=strength)
    if np.linalg.norm(end) > 0.05:
        style = {"arrowstyle": "-|>", "color": PALETTE[1], "linewidth": 2.5, "shrinkB": 0}
        told = {**style, "shrinkA": 0, "alpha": strength, "mutation_scale": 14}
        axis.annotate("", centre + end, centre, arrowprops=told)


def _phase(angle: float) -> str:
    """The angle as a multiple of π, to two digits; −0 and −π as 0 and π."""
    share = round(angle / np.pi, 2) + 0.0
    share = 1.0 if share == -1 else share
    return {0.0: "0", 1.0: "π"}.get(share, f"{share:g}π")
