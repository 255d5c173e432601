"""The Explorer's widget: its page side is JavaScript, its kernel side answers one question.

Not made of ipywidgets' sliders and an Output: each turn of those costs several messages and a
picture as text, and Output widgets capture stray output and hang executed notebooks now and then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from labkit.viz.show import Picture

__all__ = ["WIDGET_MIME", "live_widget", "web_file"]

#: The MIME type under which Jupyter shows a live widget.
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
#: The page side lies where JupyterLab finds it as an extension.
FOLDER = "web/labextensions/labkit/static"
#: JupyterLab asks on the kernel's main thread until it has a thread for widgets, then on that one;
#: matplotlib's settings are the process's, so one picture is drawn at a time.
DRAWING = threading.Lock()


@cache
def web_file(name: str) -> str:
    """The text of a file of the page side."""
    return resources.files("labkit.viz").joinpath(FOLDER, name).read_text("utf-8")


def live_widget(
    answer: Callable[[list[int], bool], Picture],
    *,
    controls: list[dict[str, Any]],
    label: str,
    first: Picture,
) -> Any:
    """A widget that asks ``answer`` for the picture of a setting each time one is turned.

    Args:
        answer: from the position of each control to the picture; it may raise. The second
            argument says whether the page asks ahead, while the reader still looks.
        controls: label, kind, texts and start of each control.
        label: what the group of controls is called.
        first: the picture to begin with.
    """
    widget = _widget_class()(controls=controls, label=label, png=first.png, alt=first.alt)

    def reply(_: Any, asked: dict[str, Any], __: Any) -> None:
        try:
            with DRAWING:
                picture = answer(asked["setting"], asked.get("ahead", False))
        except Exception as error:  # a reader's setting must not kill the widget
            widget.send({"id": asked["id"], "error": f"{type(error).__name__}: {error}"})
        else:
            widget.send({"id": asked["id"], "alt": picture.alt}, [picture.png])

    widget.on_msg(reply)
    return widget


@cache
def _widget_class() -> Any:
    import anywidget
    import traitlets

    class LiveExplorer(anywidget.AnyWidget):
        """Controls and a picture."""

        _esm = web_file("explorer.js") + web_file("live.js")
        _css = web_file("explorer.css")
        controls = traitlets.List().tag(sync=True)
        label = traitlets.Unicode().tag(sync=True)
        png = traitlets.Bytes().tag(sync=True)
        alt = traitlets.Unicode().tag(sync=True)

    return LiveExplorer
