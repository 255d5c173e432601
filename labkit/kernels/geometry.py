"""Where a sliding window lies on an image: sizes, strides, padding and dilation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from labkit.errors import ArgumentError, ShapeError

__all__ = ["Padding", "Pair", "Window", "output_size", "resolve_window"]

#: One number for both axes, or (rows, columns).
Pair: TypeAlias = int | tuple[int, int]
#: "VALID", "SAME", one number, or ((top, bottom), (left, right)).
Padding: TypeAlias = str | int | Sequence[tuple[int, int]]


def output_size(
    size: int, window: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """How many places a window fits along one axis.

    A window of ``window`` taps, ``dilation`` apart, spans ``dilation * (window - 1) + 1``
    places. Its first tap may stand at 0, stride, 2 * stride, ... as long as its last tap is
    still inside, so the count is ``floor((size + padding - span) / stride) + 1``.

    Args:
        size: places along the axis.
        window: taps of the window.
        stride: steps between neighbouring windows.
        padding: places added at both ends together.
        dilation: steps between neighbouring taps.

    Returns:
        The number of outputs; 0 where the window does not fit.

    Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning"
        (arXiv:1603.07285), relationship 15.

    Example:
        >>> output_size(32, 3), output_size(30, 2, stride=2), output_size(7, 3, 2, padding=2)
        (30, 15, 4)
    """
    span = dilation * (window - 1) + 1
    return max((size + padding - span) // stride + 1, 0)


@dataclass(frozen=True)
class Window:
    """A window with every choice made: hashable, so that it can steer a compiled function."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pads: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    dilation: tuple[int, int] = (1, 1)

    @property
    def taps(self) -> tuple[tuple[int, int], ...]:
        """The offsets of the taps, row by row, before dilation."""
        return tuple((i, j) for i in range(self.size[0]) for j in range(self.size[1]))

    @property
    def padded(self) -> bool:
        """Whether the window ever leaves the image."""
        return any(low or high for low, high in self.pads)

    def outputs(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the result on an image of ``height`` x ``width``."""
        rows, columns = (
            output_size(n, k, s, sum(p), d)
            for n, k, s, p, d in zip(
                (height, width), self.size, self.stride, self.pads, self.dilation, strict=True
            )
        )
        return rows, columns


def resolve_window(
    size: Pair,
    image: tuple[int, int],
    *,
    stride: Any = 1,
    padding: Any = "VALID",
    dilation: Any = 1,
) -> Window:
    """Turn what a caller wrote into a `Window` on an image of rows x columns.

    ``"SAME"`` gives ``ceil(size / stride)`` outputs and puts the odd place at the end, as
    TensorFlow and XLA do.

    Raises:
        ArgumentError: a size, stride or dilation below 1, or an unknown padding.
        ShapeError: the window does not fit on the padded image.

    Example:
        >>> resolve_window(3, (32, 32), stride=2, padding="SAME").pads
        ((0, 1), (0, 1))
    """
    size, stride = _pair("window", size), _pair("stride", stride)
    dilation = _pair("dilation", dilation)
    window = Window(size, stride, _pads(padding, image, size, stride, dilation), dilation)
    if 0 in window.outputs(*image):
        raise ShapeError(
            "window",
            required=f"no larger than the padded image of {image[0]} x {image[1]}",
            got=size,
            fix='Pad the image (padding="SAME") or take a smaller window.',
        )
    return window


def _pair(argument: str, value: Any) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or not all(isinstance(n, int) and n >= 1 for n in pair):
        raise ArgumentError(argument, required="a positive integer or a pair of them", got=value)
    return pair[0], pair[1]


def _pads(
    padding: Any,
    image: tuple[int, int],
    size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
) -> tuple[tuple[int, int], tuple[int, int]]:
    if padding == "VALID":
        return (0, 0), (0, 0)
    if padding == "SAME":
        rows, columns = map(_same_pads, image, size, stride, dilation)
        return rows, columns
    if isinstance(padding, int) and padding >= 0:
        return (padding, padding), (padding, padding)
    if not isinstance(padding, str | int):
        pairs = [tuple(pair) for pair in padding]
        if len(pairs) == 2 and all(len(pair) == 2 and min(pair) >= 0 for pair in pairs):
            (top, bottom), (left, right) = pairs
            return (top, bottom), (left, right)
    raise ArgumentError(
        "padding",
        required='"VALID", "SAME", a number or ((top, bottom), (left, right))',
        got=padding,
    )


def _same_pads(length: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + dilation * (window - 1) + 1 - length, 0)
    return total // 2, total - total // 2
