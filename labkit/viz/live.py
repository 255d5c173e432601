"""Learning curves that grow while a model trains: one picture, replaced in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from labkit.train import History
from labkit.viz.learning import learning_curves
from labkit.viz.show import Picture, png_bytes

__all__ = ["history_curves", "live_curves"]


def live_curves() -> Callable[[History], None]:
    """What ``fit(watch=...)`` calls: shows the curves so far, in a notebook, in one place.

    The picture is sent once and then replaced through its display handle, so nothing is cleared
    and nothing jumps. ``fit`` calls it at most twice a second. Outside of a notebook nothing is
    shown; the line in the terminal stays.

    Example:
        >>> watch = live_curves()
        >>> watch(History())  # nothing to see yet
    """
    handles: list[Any] = []

    def watch(history: History) -> None:
        if not _in_notebook() or not len(history.step_losses):
            return
        from IPython.display import display

        n = len(history.epochs)
        alt = f"Learning curves while training: {n} epochs, {len(history.step_losses)} steps."
        picture = Picture(png_bytes(history_curves(history), compress_level=1), alt)
        if handles:
            handles[0].update(picture)
        else:
            handles.append(display(picture, display_id=True))

    return watch


def history_curves(history: History) -> Figure:
    """A panel for each score over the epochs; the loss of each step before the first has ended.

    Example:
        >>> import numpy as np
        >>> figure = history_curves(History((), np.array([2.3, 1.9])))
        >>> figure.axes[0].get_xlabel()
        'step'
    """
    if not history.epochs:
        return learning_curves({"loss / nat": {"training": history.step_losses}}, xlabel="step")
    panels = {}
    for name in [name for name in history.curves if not name.startswith("validation_")]:
        lines = {"training": history.curve(name)}
        if f"validation_{name}" in history.curves:
            lines["held out"] = history.curve(f"validation_{name}")
        panels["loss / nat" if name == "loss" else name.replace("_", " ")] = lines
    return learning_curves(panels)


def _in_notebook() -> bool:
    """Whether a Jupyter kernel listens: a terminal's IPython cannot show pictures."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
