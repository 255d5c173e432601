"""How much arithmetic, and how much traffic, one primitive operation of JAX causes.

The conventions are those of XLA's own cost analysis, so that the two can be held
against each other: a multiply-add is two operations; an addition, a comparison or
a choice is one; exponentials, logarithms, roots and their kin are counted apart, as
transcendentals; moving or indexing data is none. Products with the zeros of a
convolution's padding are not counted.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from labkit.perf.operations import Operation

__all__ = ["Arithmetic", "arithmetic", "array_bytes", "traffic_bytes"]


class Arithmetic(NamedTuple):
    """Operations of one primitive: ordinary ones and transcendentals."""

    flops: float
    transcendentals: float = 0.0


_TRANSCENDENTAL = frozenset(
    {
        "exp", "exp2", "expm1", "log", "log1p", "log2", "tanh", "tan", "sin", "cos", "asin", "acos",
        "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh", "sqrt", "rsqrt", "cbrt", "pow",
        "logistic", "erf", "erfc", "erf_inv", "lgamma", "digamma", "bessel_i0e", "bessel_i1e",
        "igamma", "igammac",
    }
)  # fmt: skip
_ELEMENTWISE = frozenset(
    {
        "add", "sub", "mul", "div", "rem", "max", "min", "neg", "abs", "sign", "floor", "ceil",
        "round", "nextafter", "clamp", "select_n", "eq", "ne", "lt", "le", "gt", "ge", "and", "or",
        "xor", "not", "is_finite", "square", "add_any", "shift_left", "shift_right_logical",
        "shift_right_arithmetic", "population_count", "clz", "conj", "complex",
        "convert_element_type", "reduce_precision", "cumsum", "cumprod", "cummax", "cummin",
        "cumlogsumexp",
    }
)  # fmt: skip
_REDUCTIONS = frozenset(
    {
        "reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or",
        "reduce_xor", "argmax", "argmin", "reduce",
    }
)  # fmt: skip

# They read only the part of their first operand that they pick.
_PICKING = frozenset({"gather", "dynamic_slice", "slice"})
# They write only the part that is new; the rest stays in place.
_IN_PLACE = frozenset({"dynamic_update_slice", "scatter", "scatter-add", "scatter_add"})
# A change of description, not of data; a loop moves what its body moves.
_FREE = frozenset({"reshape", "squeeze", "expand_dims", "stop_gradient", "while"})


def arithmetic(operation: Operation) -> Arithmetic:
    """Operations done by ``operation``, run once.

    Example:
        >>> import numpy as np
        >>> row = np.ones(8)
        >>> arithmetic(Operation("add", (row, row), (row,), {}))
        Arithmetic(flops=8.0, transcendentals=0.0)
    """
    name, inputs, outputs = operation.name, operation.inputs, operation.outputs
    size = float(sum(out.size for out in outputs))
    if name in _SPECIAL:
        return Arithmetic(float(_SPECIAL[name](operation)))
    if name in _TRANSCENDENTAL:
        return Arithmetic(0.0, size)
    if name in _ELEMENTWISE:
        return Arithmetic(size)
    if name in _REDUCTIONS:
        return Arithmetic(float(max(inputs[0].size - outputs[0].size, 0)))
    return Arithmetic(0.0)


def traffic_bytes(operation: Operation) -> int:
    """Bytes that ``operation``, run once and alone, reads and writes.

    Example:
        >>> import numpy as np
        >>> row = np.ones(8, np.float32)
        >>> traffic_bytes(Operation("add", (row, row), (row,), {}))
        96
    """
    name, inputs = operation.name, operation.inputs
    written = sum(array_bytes(value) for value in operation.outputs)
    if name in _FREE:
        return 0
    if name in _PICKING:
        return 2 * written + sum(array_bytes(value) for value in inputs[1:])
    if name in _IN_PLACE:
        return 2 * sum(array_bytes(value) for value in inputs[1:])
    return written + sum(array_bytes(value) for value in inputs)


def array_bytes(value: Any) -> int:
    """Bytes of an array or of its shape; 0 for what is neither (a token, a random key)."""
    return int(value.size * getattr(getattr(value, "dtype", None), "itemsize", 0))


def _dot_general(operation: Operation) -> float:
    (contracted, _), _ = operation.params["dimension_numbers"]
    depth = math.prod(operation.inputs[0].shape[axis] for axis in contracted)
    return 2.0 * operation.outputs[0].size * depth


def _convolution(operation: Operation) -> float:
    params, (image, kernel) = operation.params, (value.shape for value in operation.inputs)
    numbers = params["dimension_numbers"]
    axes = zip(numbers.lhs_spec[2:], numbers.rhs_spec[2:], numbers.out_spec[2:], strict=True)
    pairs = 1
    for axis, (in_axis, kernel_axis, out_axis) in enumerate(axes):
        inside = _taps_inside(
            (image[in_axis], kernel[kernel_axis], operation.outputs[0].shape[out_axis]),
            stride=params["window_strides"][axis],
            pad=params["padding"][axis][0],
            image_dilation=params["lhs_dilation"][axis],
            kernel_dilation=params["rhs_dilation"][axis],
        )
        pairs *= inside
    batch = image[numbers.lhs_spec[0]] // params["batch_group_count"]
    channels_out, channels_in = (kernel[numbers.rhs_spec[axis]] for axis in (0, 1))
    return 2.0 * batch * channels_out * channels_in * pairs


def _taps_inside(
    sizes: tuple[int, int, int], *, stride: int, pad: int, image_dilation: int, kernel_dilation: int
) -> int:
    """Pairs (output position, kernel tap) that meet an image value, not padding or a hole."""
    size, taps, out = sizes
    position = np.arange(out)[:, None] * stride - pad + np.arange(taps) * kernel_dilation
    inside = (position >= 0) & (position <= (size - 1) * image_dilation)
    return int(np.sum(inside & (position % image_dilation == 0)))


def _reduce_window(operation: Operation) -> float:
    return operation.outputs[0].size * (math.prod(operation.params["window_dimensions"]) - 1)


def _select_and_scatter_add(operation: Operation) -> float:
    """Each window is searched for its maximum; then one addition."""
    return operation.inputs[0].size * math.prod(operation.params["window_dimensions"])


def _integer_pow(operation: Operation) -> float:
    """By repeated squaring: a product for each bit, and one more for each further set bit."""
    power = abs(operation.params["y"])
    products = max(power.bit_length() + power.bit_count() - 2, 0) + (operation.params["y"] < 0)
    return operation.outputs[0].size * products


def _sort(operation: Operation) -> float:
    array = operation.inputs[0]
    length = max(array.shape[operation.params["dimension"]], 2)
    return array.size * math.ceil(math.log2(length))


def _scatter_add(operation: Operation) -> float:
    return operation.inputs[2].size


_SPECIAL = {
    "dot_general": _dot_general,
    "conv_general_dilated": _convolution,
    "integer_pow": _integer_pow,
    "reduce_window": _reduce_window,
    "reduce_window_max": _reduce_window,
    "reduce_window_min": _reduce_window,
    "reduce_window_sum": _reduce_window,
    "select_and_scatter_add": _select_and_scatter_add,
    "scatter-add": _scatter_add,
    "scatter_add": _scatter_add,
    "sort": _sort,
}
