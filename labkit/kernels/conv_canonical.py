"""The compiler's convolution with gradients that stay fast inside a loop on a CPU."""

from __future__ import annotations

from collections.abc import Mapping

import jax
from jax import Array, lax

from labkit.kernels.conv_methods import CONV_METHODS, ConvMethod, conv_xla
from labkit.kernels.geometry import Window

__all__ = ["TRAINING_METHODS", "conv_canonical"]

_NHWC = ("NHWC", "HWIO", "NHWC")


def conv_canonical(x: Array, kernel: Array, window: Window, groups: int) -> Array:
    """`conv_xla`, its two gradients written as convolutions in the same order of axes.

    JAX writes them with the axes renamed instead (the batch as channels). XLA for CPUs turns such
    a convolution into one that its fast library takes only outside of loops; inside ``while`` and
    ``scan`` it falls back to plain loops that are a hundred times slower.

    Source: https://github.com/jax-ml/jax/issues/12868
    """
    if groups > 1:
        return conv_xla(x, kernel, window, groups)

    @jax.custom_vjp
    def call(x: Array, kernel: Array) -> Array:
        return conv_xla(x, kernel, window, 1)

    def forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
        return conv_xla(x, kernel, window, 1), (x, kernel)

    def backward(saved: tuple[Array, Array], dy: Array) -> tuple[Array, Array]:
        x, kernel = saved
        return _input_gradient(x, kernel, dy, window), _kernel_gradient(x, dy, window)

    call.defvjp(forward, backward)
    return call(x, kernel)


def _input_gradient(x: Array, kernel: Array, dy: Array, window: Window) -> Array:
    """Spread every output back over its window: a convolution with the kernel turned round."""
    pads = []
    for n, m, size, stride, gap, (low, _) in _axes(x, dy, window):
        reach = (size - 1) * gap
        before = reach - low
        pads.append((before, n + reach - ((m - 1) * stride + 1) - before))
    turned = lax.rev(kernel, (0, 1)).swapaxes(2, 3)
    return lax.conv_general_dilated(
        dy,
        turned,
        (1, 1),
        pads,
        lhs_dilation=window.stride,
        rhs_dilation=window.dilation,
        dimension_numbers=_NHWC,
    )


def _kernel_gradient(x: Array, dy: Array, window: Window) -> Array:
    """Slide the outputs' gradients over the images: channels as batch, the batch as channels."""
    pads, kept = [], []
    for n, m, size, stride, gap, (low, _) in _axes(x, dy, window):
        after = (size - 1) * gap + (m - 1) * stride + 1 - n - low
        pads.append((low, max(after, 0)))
        kept.append(slice(0, n + min(after, 0)))  # pixels behind the last window
    planes = x[:, *kept].transpose(3, 1, 2, 0)
    gradient = lax.conv_general_dilated(
        planes,
        dy.transpose(1, 2, 0, 3),
        window.dilation,
        pads,
        rhs_dilation=window.stride,
        dimension_numbers=_NHWC,
    )
    return gradient.transpose(1, 2, 0, 3)


def _axes(x: Array, dy: Array, window: Window) -> list[tuple]:
    """For rows and for columns: inputs, outputs, window, stride, dilation, zeros around."""
    sizes = (x.shape[1:3], dy.shape[1:3], window.size, window.stride, window.dilation, window.pads)
    return list(zip(*sizes, strict=True))


#: The formulations as a CPU trains with them.
TRAINING_METHODS: Mapping[str, ConvMethod] = {**CONV_METHODS, "xla": conv_canonical}
