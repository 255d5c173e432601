"""Explorer: sliders and menus drive one pure function, and the picture follows.

In a live notebook the kernel draws each setting (``widget.py``); where none runs, stored
frames move (``still.py``); where nothing moves there are a picture and a table.
"""

from __future__ import annotations

import gc
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib.figure import Figure

from labkit.errors import ArgumentError
from labkit.viz.controls import Control, control
from labkit.viz.redraw import Redraw
from labkit.viz.show import Picture
from labkit.viz.still import still_bundle
from labkit.viz.widget import WIDGET_MIME, live_widget

__all__ = ["Explorer", "explore"]

#: Pictures kept, so that going back to a setting costs nothing.
PICTURES_KEPT = 128
#: Seconds that drawing all stored frames may take when a cell is shown.
LONGEST_DRAWING_S = 20.0


def explore(
    fn: Callable[..., Figure | bytes],
    *,
    alt: str | Callable[..., str],
    frames: int = 0,
    **controls: Any,
) -> Explorer:
    """Let the reader turn the arguments of a function that returns a figure.

    Show the same function as a plain call in the cell above, so that the page reads
    well where widgets do not run.

    Args:
        fn: a pure function from the controls' values to a figure (or PNG bytes).
        alt: the picture in words; a function of the same arguments, or one text for all.
        frames: how many pictures the notebook stores, so that they also move without a kernel:
            each control with the others at their start. 0: the first alone.
        **controls: for each argument of ``fn`` one of

            - ``(low, high, start)``: a slider, of whole numbers if all three are,
            - ``(low, high, start, step)``: the same with a step,
            - a list: a menu, first entry chosen; ``{label: value}`` to name entries,
            - ``True`` or ``False``: a tick box.

    Returns:
        The explorer; make it the last line of a cell tagged ``nbval-ignore-output``.

    Raises:
        ArgumentError: a control is none of these.

    Example:
        >>> import numpy as np
        >>> from labkit import viz
        >>> def wave(cycles):
        ...     x = np.linspace(0, 1, 200)
        ...     y = np.sin(2 * np.pi * cycles * x)
        ...     return viz.lines(x, {"wave": y}, xlabel="time / s", ylabel="height / m")
        >>> explorer = explore(wave, alt="A sine wave over one second.", cycles=(1, 9, 2))
        >>> explorer.values
        {'cycles': 2}
    """
    return Explorer(fn, alt, controls, frames=frames)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Collect garbage after a picture, not a hundred times while it is drawn: a tenth faster."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class Explorer:
    """Controls, a line of words and a picture; see :func:`explore`."""

    def __init__(
        self,
        fn: Callable[..., Figure | bytes],
        alt: str | Callable[..., str],
        controls: Mapping[str, Any],
        *,
        frames: int = 0,
    ) -> None:
        if not controls:
            raise ArgumentError("controls", required="at least one, such as x=(0, 9, 3)", got={})
        self.controls = tuple(control(name, spec) for name, spec in controls.items())
        self._fn, self._alt, self._frames = fn, alt, frames
        self._kept: OrderedDict[tuple[int, ...], Picture] = OrderedDict()
        self._redraw = Redraw()
        self._setting = self.start
        self.picture_at(self.start)  # a function that fails does so where it is written

    @property
    def start(self) -> tuple[int, ...]:
        """The position at which each control begins."""
        return tuple(control.start for control in self.controls)

    @property
    def values(self) -> dict[str, Any]:
        """What the controls said last."""
        return self._values(self._setting)

    @property
    def picture(self) -> Picture:
        """The picture as it stands, for pages where widgets do not run."""
        return self.picture_at(self._setting)

    def turn(self, **values: Any) -> Picture:
        """Turn some controls, as the reader would, and see the picture.

        Raises:
            ArgumentError: there is no such control, or it has no such position.
        """
        known = {control.name: i for i, control in enumerate(self.controls)}
        setting = list(self._setting)
        for name, value in values.items():
            if name not in known:
                raise ArgumentError("name", required=f"one of {', '.join(known)}", got=name)
            positions = self.controls[known[name]].values
            if value not in positions:
                raise ArgumentError(name, required=f"one of {positions}", got=value)
            setting[known[name]] = positions.index(value)
        return self._turned(setting)

    def picture_at(self, setting: Sequence[int]) -> Picture:
        """The picture for a position of each control, drawn once and kept.

        Raises:
            Exception: whatever the function raises for these values.
        """
        key = tuple(setting)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        values = self._values(key)
        with _collecting_later():
            drawn = self._fn(**values)
            png = drawn if isinstance(drawn, bytes) else self._redraw.png(drawn)
        picture = self._kept[key] = Picture(png, self._words(values))
        if len(self._kept) > PICTURES_KEPT:
            self._kept.popitem(last=False)
        return picture

    def _turned(self, setting: Sequence[int], ahead: bool = False) -> Picture:
        """The picture of a setting, which is the reader's unless it was asked ahead of need."""
        picture = self.picture_at(setting)
        if not ahead:
            self._setting = tuple(setting)
        return picture

    def _values(self, setting: Sequence[int]) -> dict[str, Any]:
        pairs = zip(self.controls, setting, strict=True)
        return {control.name: control.values[position] for control, position in pairs}

    def _words(self, values: Mapping[str, Any]) -> str:
        return self._alt if isinstance(self._alt, str) else self._alt(**values)

    def _stored(self) -> tuple[tuple[Control, ...], dict[tuple[int, ...], Picture]]:
        """Each control moved alone, as many stops as fit; fewer where drawing is slow."""
        most = max(self._frames // len(self.controls), 2)
        few = tuple(control.thinned(most) for control in self.controls)
        end = time.perf_counter() + LONGEST_DRAWING_S
        found: dict[tuple[int, ...], Picture] = {}
        for i, one in enumerate(few if self._frames else ()):
            for place, value in enumerate(one.values):
                if place != one.start and time.perf_counter() < end:
                    here = self._moved(i, self.controls[i].values.index(value))
                    found[tuple(place if c is one else c.start for c in few)] = self.picture_at(
                        here
                    )
        return few, found

    def _moved(self, i: int, position: int) -> tuple[int, ...]:
        """One control at a position, the others at their start."""
        return (*self.start[:i], position, *self.start[i + 1 :])

    def _rows(self) -> list[tuple[str, str]]:
        """The table: the start and each control at its ends, and what is then to be seen."""
        ends = [(i, end) for i, c in enumerate(self.controls) for end in (0, len(c.values) - 1)]
        rows = {}
        for setting in [self.start, *(self._moved(i, end) for i, end in ends)]:
            pairs = zip(self.controls, setting, strict=True)
            told = ", ".join(f"{one.label} {one.texts[position]}" for one, position in pairs)
            rows[told] = self._words(self._values(setting))
        return list(rows.items())

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        first = self.picture_at(self.start)
        label = f"Turn {', '.join(control.label for control in self.controls)}"
        looks = [control.look() for control in self.controls]
        widget = live_widget(self._turned, controls=looks, label=label, first=first)
        few, frames = self._stored()
        data, metadata = still_bundle(
            first, label=label, controls=few, frames=frames, rows=self._rows()
        )
        view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        return {WIDGET_MIME: view, **data}, metadata
