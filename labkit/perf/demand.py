"""What a program asks of any device: its products, and the traffic between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
from jax.extend.core import Jaxpr

from labkit.hw import DeviceSpec
from labkit.perf.arithmetic import arithmetic, array_bytes, traffic_bytes
from labkit.perf.fusion import MATRIX, between_products
from labkit.perf.operations import Operation, operations

__all__ = ["Demand", "Kernel", "demand", "peak_flops"]

_PICKING = ("gather", "dynamic_slice", "slice")


class Kernel(NamedTuple):
    """A product of matrices or a convolution that runs by itself.

    Attributes:
        dtype: of its operands.
        flops: of one run, a multiply-add counted as two.
        moved_bytes: operands read and result written once.
        times: runs.
    """

    dtype: str
    flops: float
    moved_bytes: float
    times: float = 1.0


@dataclass(frozen=True)
class Demand:
    """A program as numbers that no device enters.

    Attributes:
        products: products of matrices and convolutions, alike ones together.
        other_bytes: what is moved between the products once all else is fused.
        other_kernels: passes over memory that it takes.
        unfused_bytes: what would be moved if nothing were fused.
        minimal_bytes: what is read of the arguments, once, and the results written once.
    """

    products: tuple[Kernel, ...]
    other_bytes: float = 0.0
    other_kernels: float = 0.0
    unfused_bytes: float = 0.0
    minimal_bytes: float = 0.0

    @property
    def flops(self) -> float:
        """Of all products; what lies between them is bound by its traffic."""
        return sum(kernel.times * kernel.flops for kernel in self.products)

    def repeated(self, times: float) -> Demand:
        """The demand of that many runs, one after another.

        Example:
            >>> Demand((Kernel("float32", 8.0, 4.0),), minimal_bytes=4.0).repeated(3).flops
            24.0
        """
        return Demand(
            tuple(k._replace(times=k.times * times) for k in self.products),
            self.other_bytes * times,
            self.other_kernels * times,
            self.unfused_bytes * times,
            self.minimal_bytes * times,
        )

    def __add__(self, other: Demand) -> Demand:
        """One program after the other."""
        return Demand(
            self.products + other.products,
            self.other_bytes + other.other_bytes,
            self.other_kernels + other.other_kernels,
            self.unfused_bytes + other.unfused_bytes,
            self.minimal_bytes + other.minimal_bytes,
        )


def demand(fn: Callable[..., Any], *args: Any) -> Demand:
    """What ``fn(*args)`` asks of a device, read from its jaxpr; nothing is compiled or run.

    Args:
        fn: a function of JAX arrays.
        *args: its arguments; ``jax.ShapeDtypeStruct`` will do.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> square = jax.ShapeDtypeStruct((64, 64), jnp.bfloat16)
        >>> demand(jnp.matmul, square, square).products
        (Kernel(dtype='bfloat16', flops=524288.0, moved_bytes=24576.0, times=1.0),)
    """
    jaxpr = jax.make_jaxpr(fn)(*args).jaxpr
    read_bytes = sum(_read_bytes(jaxpr, argument) for argument in jaxpr.invars)
    written_bytes = sum(array_bytes(value.aval) for value in jaxpr.outvars)
    between = between_products(jaxpr)
    return replace(
        _products(operations(jaxpr)),
        other_bytes=float(between.moved_bytes),
        other_kernels=float(between.kernels),
        minimal_bytes=float(read_bytes + written_bytes),
    )


def _read_bytes(jaxpr: Jaxpr, argument: Any) -> int:
    """Bytes of an argument that are read: all of them, unless rows are only picked from it."""
    whole, read = array_bytes(argument.aval), 0
    for equation in jaxpr.eqns:
        if argument not in equation.invars:
            continue
        inner = equation.params.get("jaxpr")
        if equation.primitive.name == "jit" and inner is not None:
            place = list(equation.invars).index(argument)
            read += _read_bytes(inner.jaxpr, inner.jaxpr.invars[place])
        elif equation.primitive.name in _PICKING and argument is equation.invars[0]:
            read += sum(array_bytes(value.aval) for value in equation.outvars)
        else:
            return whole
    return min(read, whole)


def _products(found: Iterable[Operation]) -> Demand:
    products: Counter[Kernel] = Counter()
    unfused_bytes = 0.0
    for operation in found:
        moved = float(traffic_bytes(operation))
        if operation.name in MATRIX:
            dtype = str(operation.inputs[0].dtype)
            kernel = Kernel(dtype, arithmetic(operation).flops, moved)
            products[kernel] += operation.times
        else:
            unfused_bytes += operation.times * moved
    kernels = tuple(k._replace(times=float(n)) for k, n in products.items())
    return Demand(kernels, unfused_bytes=unfused_bytes)


def peak_flops(dtype: str, device: DeviceSpec) -> float:
    """The published peak for products of that precision, as JAX uses the device by default.

    Products of float32 run in TensorFloat-32 on a GPU that has it and in bfloat16 on a TPU.
    float16 and bfloat16 share the matrix units of every device that publishes only one of them,
    but those older than bfloat16. A precision that is not published counts as the slowest.
    """
    wanted = [dtype]
    if dtype == "float32" and device.kind != "cpu":
        wanted = ["bfloat16"] if device.kind == "tpu" else ["tensorfloat32", "float32"]
    if dtype == "float16":
        wanted = ["float16", "bfloat16"]
    for name in wanted:
        if name in device.peak_flops:
            return device.peak_flops[name]
    return min(device.peak_flops.values())
