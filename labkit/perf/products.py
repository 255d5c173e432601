"""Products of matrices in a compiled program: dots, and what convolutions amount to."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.perf.hlo import HloArray, Instruction

__all__ = ["Product", "matrix_product"]


@dataclass(frozen=True)
class Product:
    """The matrix product that a dot is, or that a convolution amounts to.

    Attributes:
        engine: which library runs it: ``"ynn"``, or XLA's own (``"xla"``).
        form: ``"nn"``, ``"nt"``, ``"tn"`` or ``"tt"`` (which operands are transposed) for a
            dot; ``"conv"``, ``"wide"`` (a window of the size of the image, as in the
            gradient by a kernel) or ``"depthwise"`` for a convolution.
        dtype: element type of the operands.
        batch, m, n, k: ``batch`` products of (m, k) by (k, n).
        taps: of the ``k`` terms, how many are places of a convolution's window; 1 for a dot.
    """

    engine: str
    form: str
    dtype: str
    batch: int
    m: int
    n: int
    k: int
    taps: int = 1

    @property
    def flops(self) -> float:
        """A multiply-add counted as two."""
        return 2.0 * self.batch * self.m * self.n * self.k


def matrix_product(
    line: Instruction, scope: Mapping[str, Instruction], engine: str
) -> Product | None:
    """The product that an instruction is, with its operands found in ``scope``; else none."""
    if line.opcode == "dot":
        return _dot_product(line, scope, engine)
    if line.opcode == "convolution":
        return _convolution_product(line, scope, engine)
    return None


def _dot_product(line: Instruction, scope: Mapping[str, Instruction], engine: str) -> Product:
    left, right = (scope[name].outputs[0] for name in line.operands[:2])
    contracted = line.axes("lhs_contracting_dims")
    other = line.axes("rhs_contracting_dims")
    batch = math.prod(left.shape[axis] for axis in line.axes("lhs_batch_dims"))
    k = math.prod(left.shape[axis] for axis in contracted)
    transposed = ("t" if _is_contiguous_free(left, contracted) else "n") + (
        "n" if _is_contiguous_free(right, other) else "t"
    )
    m, n = (max(array.size // max(batch * k, 1), 1) for array in (left, right))
    return Product(engine, transposed, left.dtype, batch, m, n, k)


def _is_contiguous_free(array: HloArray, contracted: tuple[int, ...]) -> bool:
    """Whether the contiguous axis is one that stays."""
    return bool(array.minor_to_major) and array.minor_to_major[0] not in contracted


def _convolution_product(
    line: Instruction, scope: Mapping[str, Instruction], engine: str
) -> Product:
    image, kernel = (scope[name].outputs[0] for name in line.operands[:2])
    out = line.outputs[0]
    labels = re.search(r"dim_labels=(\w+)_(\w+)->(\w+)", line.attributes)
    kernel_labels, out_labels = (labels[2], labels[3]) if labels else ("01io", "b01f")
    groups = re.search(r"feature_group_count=(\d+)", line.attributes)
    channels_in = kernel.shape[kernel_labels.index("i")]
    channels_out = out.shape[out_labels.index("f")]
    window, area = _spatial_size(kernel, kernel_labels), _spatial_size(out, out_labels)
    form = "wide" if window > area else "conv"
    if groups and int(groups[1]) > 1:
        form = "depthwise"
    # Taps that fall on padding or on the holes of a dilated image cost nothing.
    holes = math.prod(int(n) for n in _window_numbers(line, "lhs_dilate"))
    taps = max(window // holes, 1)
    m = max(out.size // channels_out, 1)
    return Product(engine, form, image.dtype, 1, m, channels_out, channels_in * taps, taps)


def _spatial_size(array: HloArray, labels: str) -> int:
    return math.prod(array.shape[axis] for axis, label in enumerate(labels) if label.isdigit())


def _window_numbers(line: Instruction, name: str) -> list[str]:
    found = re.search(rf"window=\{{[^}}]*\b{name}=([\dx]+)", line.attributes)
    return found[1].split("x") if found else []
