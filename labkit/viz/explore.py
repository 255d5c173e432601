"""Explorer: sliders and menus drive one pure function, and the picture follows.

It holds no Output widget (those capture stray output, hang executed notebooks now
and then, and cannot be compared): the function returns a figure, and its PNG goes
into an ``<img>`` of its own. (An Image widget has no alternative text, and breaks in
the browser when it is given a tooltip instead.)
"""

from __future__ import annotations

import base64
import html
import struct
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labkit.errors import ArgumentError
from labkit.viz.show import Picture, png_bytes

__all__ = ["Explorer", "explore"]

#: A function slower than this is heavy: a slider then answers when it is let go.
HEAVY_S = 0.25
#: Frames kept, so that going back to a setting costs nothing.
FRAMES_KEPT = 128

Control = Any


def explore(
    fn: Callable[..., Figure | bytes], *, alt: str | Callable[..., str], **controls: Control
) -> Explorer:
    """Let the reader turn the arguments of a function that returns a figure.

    Show the same function as a plain call in the cell above, so that the page reads
    well where widgets do not run.

    Args:
        fn: a pure function from the controls' values to a figure (or PNG bytes).
        alt: the picture in words; a function of the same arguments, or one text for all.
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
    return Explorer(fn, alt, controls)


class Explorer:
    """Controls, a status line and a picture; see :func:`explore`."""

    def __init__(
        self,
        fn: Callable[..., Figure | bytes],
        alt: str | Callable[..., str],
        controls: Mapping[str, Control],
    ) -> None:
        import ipywidgets

        self._fn, self._alt = fn, alt
        self._frames: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self.controls = {name: _control(name, spec) for name, spec in controls.items()}
        self.image = ipywidgets.HTML(value=_img(self._frame()[0], self._words()))
        self.status = ipywidgets.HTML(value=_status(self._words()))
        for control in self.controls.values():
            control.observe(self._update, names="value")
        self.widget = ipywidgets.VBox([*self.controls.values(), self.status, self.image])

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say now."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def picture(self) -> Picture:
        """The picture as it stands, for pages where widgets do not run."""
        return Picture(self._frame()[0], self._words())

    def _update(self, _: object) -> None:
        self.status.value = _status("computing …", busy=True)
        try:
            png, seconds = self._frame()
        except Exception as error:  # a reader's setting must not kill the widget
            self.status.value = _status(f"{type(error).__name__}: {error}")
            return
        self.image.value = _img(png, self._words())
        self.status.value = _status(self._words())
        for control in self.controls.values():
            if hasattr(control, "continuous_update") and seconds > 0:
                control.continuous_update = seconds < HEAVY_S

    def _words(self) -> str:
        return self._alt if isinstance(self._alt, str) else self._alt(**self.values)

    def _frame(self) -> tuple[bytes, float]:
        """The picture for the present values, and the seconds it took (0 if it was kept)."""
        key = tuple(self.values.values())
        if key in self._frames:
            self._frames.move_to_end(key)
            return self._frames[key], 0.0
        start = time.perf_counter()
        drawn = self._fn(**self.values)
        png = drawn if isinstance(drawn, bytes) else png_bytes(drawn, compress_level=1)
        self._frames[key] = png
        if len(self._frames) > FRAMES_KEPT:
            self._frames.popitem(last=False)
        return png, time.perf_counter() - start

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.picture._repr_mimebundle_()
        live = self.widget._repr_mimebundle_(**kwargs) or {}
        return {**live, **data}, metadata


def _control(name: str, spec: Control) -> Any:
    import ipywidgets

    layout = ipywidgets.Layout(width="32em")
    look = {
        "description": name.replace("_", " "),
        "style": {"description_width": "12em"},
        "layout": layout,
    }
    match spec:
        case bool():
            return ipywidgets.Checkbox(value=spec, indent=False, **look)
        case tuple() if len(spec) in (3, 4) and all(isinstance(v, int | float) for v in spec):
            return _slider(name, spec, look)
        case Mapping() if spec:
            return ipywidgets.Dropdown(options=list(spec.items()), **look)
        case list() if spec:
            return ipywidgets.Dropdown(options=spec, **look)
    raise ArgumentError(
        name,
        required="(low, high, start), (low, high, start, step), a list, a dict or a bool",
        got=spec,
    )


def _slider(name: str, spec: Sequence[Any], look: dict[str, Any]) -> Any:
    import ipywidgets

    low, high, start = spec[:3]
    if not low <= start <= high or low == high:
        raise ArgumentError(name, required="(low, high, start) with low <= start <= high", got=spec)
    if all(isinstance(value, int | np.integer) for value in spec):
        step = spec[3] if len(spec) == 4 else 1
        return ipywidgets.IntSlider(min=low, max=high, value=start, step=step, **look)
    step = spec[3] if len(spec) == 4 else (high - low) / 100
    return ipywidgets.FloatSlider(
        min=low, max=high, value=start, step=step, readout_format=".3g", **look
    )


def _status(words: str, busy: bool = False) -> str:
    said = html.escape(words)
    return f'<div role="status" aria-live="polite" aria-busy="{str(busy).lower()}">{said}</div>'


def _img(png: bytes, words: str) -> str:
    """The picture at its own size, decoded before it is painted, so that nothing flickers."""
    width, height = struct.unpack(">II", png[16:24])
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(words)}" '
        f'width="{width}" height="{height}" decoding="sync">'
    )
