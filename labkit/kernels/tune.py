"""Measure which formulation is fastest on this machine, and remember it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from labkit.kernels.compiling import jit
from labkit.kernels.conv_block import conv2d_block
from labkit.kernels.conv_canonical import TRAINING_METHODS
from labkit.kernels.conv_methods import CONV_METHODS
from labkit.kernels.geometry import Window
from labkit.kernels.tuning import Choice, table_path, write_choices
from labkit.perf import measure

__all__ = ["SHAPES", "Shape", "tune"]

_PIXEL_CHANNELS = 4
_BUDGET_S = 0.2


@dataclass(frozen=True)
class Shape:
    """A convolution to measure.

    Attributes:
        operation: the class of calls it stands for, as `conv_auto` names them.
        image: (b h w c).
        kernel: (kernel_h kernel_w c/groups o).
        groups: runs of channels.
        stride: steps between outputs.
        pool: what `conv2d_block` takes, where the operation is a block.
    """

    operation: str
    image: tuple[int, int, int, int]
    kernel: tuple[int, int, int, int]
    groups: int = 1
    stride: int = 1
    pool: int = 1

    @property
    def sizes(self) -> Mapping[str, int]:
        """What `choose` will compare with: the same words as in `conv_auto`."""
        if self.groups > 1:
            return {"channels": self.groups}
        rows, columns = self.window.outputs(*self.image[1:3])
        pixels = self.image[0] * rows * columns
        return {"pixels": pixels, "channels": self.image[3], "outputs": self.kernel[3]}

    @property
    def window(self) -> Window:
        """The window of the kernel, without padding."""
        return Window((self.kernel[0], self.kernel[1]), (self.stride, self.stride))


#: From the models of this lab: the classic CNNs, a ResNet's inner layers, MobileNet's.
SHAPES = (
    Shape("block3x3", (64, 32, 32, 3), (3, 3, 3, 32), pool=2),
    Shape("block3x3", (64, 28, 28, 1), (3, 3, 1, 32), pool=2),
    Shape("block3x3", (64, 15, 15, 32), (3, 3, 32, 64), pool=2),
    Shape("block3x3", (64, 6, 6, 64), (3, 3, 64, 64)),
    Shape("block3x3", (1, 32, 32, 3), (3, 3, 3, 32), pool=2),
    Shape("block3x3", (1, 15, 15, 32), (3, 3, 32, 64), pool=2),
    Shape("block3x3", (1, 6, 6, 64), (3, 3, 64, 64)),
    Shape("conv3x3", (64, 32, 32, 3), (3, 3, 3, 32)),
    Shape("conv3x3", (64, 28, 28, 1), (3, 3, 1, 32)),
    Shape("conv3x3", (64, 15, 15, 32), (3, 3, 32, 64)),
    Shape("conv3x3", (64, 6, 6, 64), (3, 3, 64, 64)),
    Shape("conv3x3", (32, 34, 34, 64), (3, 3, 64, 64)),
    Shape("conv1x1", (32, 16, 16, 64), (1, 1, 64, 128)),
    Shape("conv5x5", (64, 28, 28, 1), (5, 5, 1, 16)),
    Shape("conv_strided", (32, 32, 32, 32), (3, 3, 32, 64), stride=2),
    Shape("depthwise", (32, 16, 16, 64), (3, 3, 1, 64), groups=64),
)


def tune(
    shapes: tuple[Shape, ...] = SHAPES,
    *,
    path: Path | None = None,
    report: Callable[[Choice], None] | None = None,
) -> tuple[Choice, ...]:
    """Time every formulation on every shape, forward and backward, and keep the fastest.

    Takes about a minute. The table goes to the user's cache folder; convolutions traced from then
    on use it.

    Args:
        shapes: what to measure.
        path: where to write the table; this machine's own if not given.
        report: called with each line as soon as it is known.

    Returns:
        The table.
    """
    table = []
    for shape in shapes:
        names = list(_candidates(shape))
        both = {name: _seconds(shape, name, gradient=True) for name in names}
        value = {name: _seconds(shape, name, gradient=False) for name in names}
        method, forward = (min(names, key=seconds.__getitem__) for seconds in (both, value))
        table.append(Choice(shape.operation, shape.sizes, method, forward, both, value))
        if report is not None:
            report(table[-1])
    about = {"machine": platform.processor() or platform.machine(), "jax": jax.__version__}
    write_choices(table, about, path or table_path())
    return tuple(table)


def _candidates(shape: Shape) -> Iterator[str]:
    """Formulations that say something about the shape: Winograd needs a kernel three wide."""
    plain = shape.kernel[1] == 3 and shape.groups == shape.stride == 1
    takes = {"winograd": plain, "banded": shape.groups == 1}
    return (name for name in CONV_METHODS if takes.get(name, True))


def _seconds(shape: Shape, name: str, *, gradient: bool) -> float:
    """One formulation on random numbers, forward or both ways.

    The gradient of an image's few channels of pixels is left out: nobody asks for it.
    """
    draw = np.random.default_rng(0)
    sizes = (shape.image, shape.kernel, shape.kernel[3:])
    arrays = [jnp.asarray(draw.normal(size=size), jnp.float32) for size in sizes]
    first = 1 if shape.image[3] <= _PIXEL_CHANNELS else 0

    methods = TRAINING_METHODS if gradient else CONV_METHODS

    def value(x: Array, kernel: Array, bias: Array) -> Array:
        if shape.operation.startswith("block"):
            return conv2d_block(x, kernel, bias, pool=shape.pool, method=name)
        y = methods[name](x, kernel, shape.window, shape.groups)
        return jnp.maximum(y + bias, 0)

    def loss(*arrays: Array) -> Array:
        return value(*arrays).sum()

    both = jax.value_and_grad(loss, argnums=tuple(range(first, 3)))
    return measure(jit(both if gradient else value), *arrays, budget_s=_BUDGET_S).median_s
