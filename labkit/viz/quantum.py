"""Quantum states in pictures: Bloch spheres, amplitudes with their phases. Plain arrays in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.viz.style import PALETTE, new_figure, styled

__all__ = ["amplitude_bars", "bloch_spheres"]


@styled
def bloch_spheres(vectors: ArrayLike, *, names: Sequence[str] | None = None) -> Figure:
    """One sphere per qubit with its Bloch vector; a short arrow means a mixed state.

    Args:
        vectors: x, y, z of each qubit, of shape (n, 3), none longer than 1.
        names: one title per qubit; "qubit 0", … by default.

    Raises:
        ShapeError: if the vectors are not of shape (n, 3).

    Example:
        >>> len(bloch_spheres([[0, 0, 1], [1, 0, 0]]).axes)
        2
    """
    points = np.asarray(vectors, dtype=float)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise ShapeError("vectors", required="of shape (qubits, 3)", got=points.shape)
    count = len(points)
    names = [f"qubit {i}" for i in range(count)] if names is None else names
    figure, axes = new_figure(
        1, count, width=2.7 * count, height=3.1, squeeze=False, subplot_kw={"projection": "3d"}
    )
    for axis, vector, name in zip(axes[0], points, names, strict=True):
        _sphere(axis)
        axis.quiver(0, 0, 0, *vector, color=PALETTE[1], linewidth=2.5, arrow_length_ratio=0.15)
        axis.scatter(*vector, color=PALETTE[1], s=18)
        axis.set_title(name, loc="center", pad=12)
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


def _sphere(axis: Any) -> None:
    """A faint sphere with its equator, poles and axes, always seen from the same side."""
    turn, rise = np.linspace(0, 2 * np.pi, 61), np.linspace(0, np.pi, 31)
    shell = [np.outer(np.cos(turn), np.sin(rise)), np.outer(np.sin(turn), np.sin(rise))]
    shell.append(np.outer(np.ones_like(turn), np.cos(rise)))
    axis.plot_surface(*shell, color="#56B4E9", alpha=0.08, linewidth=0, shade=False)
    axis.plot(np.cos(turn), np.sin(turn), 0 * turn, color="#999999", linewidth=0.8)
    for direction in np.eye(3):
        axis.plot(*np.outer(direction, [-1, 1]), color="#999999", linewidth=0.8, linestyle=":")
    for text, place in (("|0⟩", (0, 0, 1.2)), ("|1⟩", (0, 0, -1.25)), ("x", (1.25, 0, 0)),
                        ("y", (0, 1.2, 0))):  # fmt: skip
        axis.text(*place, text, ha="center", va="center", fontsize=10)
    axis.set_axis_off()
    axis.set_box_aspect((1, 1, 1), zoom=1.3)
    axis.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))
    axis.view_init(elev=18, azim=-58)


def _phase(angle: float) -> str:
    """The angle as a multiple of π, to two digits; −0 and −π as 0 and π."""
    share = round(angle / np.pi, 2) + 0.0
    share = 1.0 if share == -1 else share
    return {0.0: "0", 1.0: "π"}.get(share, f"{share:g}π")
