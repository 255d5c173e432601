"""The Explorer without a kernel: a picture, a table, and frames that move by themselves.

The table and the frames lie in the notebook beside the picture, under a MIME type of their
own; ``pages.py`` makes HTML of them. Where that is not at hand (GitHub), the picture stands alone.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from labkit.viz.controls import Control
from labkit.viz.show import Picture

__all__ = ["EXPLORER_MIME", "small_png", "still_bundle"]

#: The MIME type under which an Explorer stores what moves without a kernel.
EXPLORER_MIME = "application/vnd.labkit.explorer+json"
#: Colours of a stored frame: plots need few, and each bit saved is saved in every frame.
FRAME_COLOURS = 64


def still_bundle(
    first: Picture,
    *,
    label: str,
    controls: Sequence[Control],
    frames: Mapping[tuple[int, ...], Picture],
    rows: Sequence[tuple[str, str]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a notebook stores of an Explorer, and its metadata.

    Args:
        first: the picture to begin with.
        label: what the group of controls is called.
        controls: what can be turned, with no more values than there are frames for.
        frames: the other pictures, by the position of each control; may be empty.
        rows: of the table: a setting, and what is then to be seen.
    """
    data, metadata = Picture(small_png(first.png, colours=None), first.alt)._repr_mimebundle_()
    data["text/plain"] = "\n".join([data["text/plain"], *(": ".join(row) for row in rows)])
    stored: dict[str, Any] = {"label": label, "rows": [list(row) for row in rows]}
    if frames:
        stored["controls"] = [control.look() for control in controls]
        stored["frames"] = {
            ",".join(map(str, setting)): {"png": _text(small_png(shown.png)), "alt": shown.alt}
            for setting, shown in frames.items()
        }
    return {**data, EXPLORER_MIME: stored}, metadata


def small_png(png: bytes, colours: int | None = FRAME_COLOURS) -> bytes:
    """The same picture in fewer bytes, the same ones each time.

    Args:
        png: the picture.
        colours: how many it keeps; ``None``: all of them.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        opaque = image.convert("RGB")
    few = opaque.quantize(colours, method=Image.Quantize.MEDIANCUT) if colours else opaque
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _text(png: bytes) -> str:
    return base64.b64encode(png).decode("ascii")
