"""Many devices on one program: what each computes, what they exchange, and what that hides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from labkit.errors import ArgumentError
from labkit.hw import DeviceSpec, get_device
from labkit.perf.arithmetic import array_bytes
from labkit.perf.collectives import Link, all_reduce_s, link_of
from labkit.perf.demand import Demand, demand
from labkit.perf.elsewhere import Efficiency, device_s, efficiency, fastest_s, interval_s
from labkit.units import format_time

__all__ = [
    "BACKWARD_SHARE",
    "ParallelPrediction",
    "parallel_s",
    "predict_parallel",
    "predict_training",
    "training_demand",
]

#: The backward pass does two products for each one of the forward pass, and the gradients of the
#: last layers are there when it begins: the exchange has that long to hide behind.
BACKWARD_SHARE = 2 / 3


@dataclass(frozen=True)
class ParallelPrediction:
    """What a step takes on many devices at once.

    Attributes:
        seconds: the prediction.
        low_s, high_s: where 4 of 5 published measurements lie.
        compute_s: what each device computes.
        exchange_s: what the exchange would take by itself.
        exposed_s: the part of it that computing does not hide.
        device: which device.
        devices: how many.
    """

    seconds: float
    low_s: float
    high_s: float
    compute_s: float
    exchange_s: float
    exposed_s: float
    device: str
    devices: int

    @property
    def efficiency(self) -> float:
        """Share of the time in which the devices compute."""
        return self.compute_s / self.seconds

    def __str__(self) -> str:
        low, high = format_time(self.low_s), format_time(self.high_s)
        return (
            f"{format_time(self.seconds)} ({low} to {high}) on {self.devices} × {self.device}, "
            f"{self.efficiency:.0%} of it computing".replace("%", " %")
        )


def predict_parallel(
    fn: Callable[..., Any],
    *args: Any,
    device: DeviceSpec | str,
    devices: int,
    exchanged_bytes: float,
    exchanges: int = 1,
    overlap: float = 0.0,
    link: Link | None = None,
) -> ParallelPrediction:
    """Predict a program that many devices run together, each on its own share.

    Args:
        fn: what one device runs: its share of the batch, or its share of each weight.
        *args: the arguments of one device, or their shapes.
        device: which, or its name in the catalogue.
        devices: how many.
        exchanged_bytes: what all of them sum up in each exchange (an all-reduce).
        exchanges: how many there are; two for each layer whose weights are split.
        overlap: share of the computing behind which an exchange can hide, 0 to 1.
        link: how they are joined; by default as published for the device.

    Raises:
        ArgumentError: where a number is out of range, or the link is needed but not published.

    Source:
        Shoeybi et al., Megatron-LM, 2019 (arXiv:1909.08053), section 3: split weights take two
        all-reduces for each layer in each pass.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> share = jax.ShapeDtypeStruct((64, 8192, 1024), jnp.bfloat16)
        >>> told = predict_parallel(
        ...     lambda x: x @ jnp.zeros((1024, 1024), x.dtype), share, devices=8,
        ...     device="NVIDIA A100 SXM4 80 GB", exchanged_bytes=64 * 8192 * 1024 * 2,
        ... )
        >>> told.exchange_s > 2 * 7 / 8 * 64 * 8192 * 1024 * 2 / 300e9
        True
    """
    spec = get_device(device) if isinstance(device, str) else device
    return parallel_s(
        demand(fn, *args),
        spec,
        devices,
        exchanged_bytes=exchanged_bytes,
        exchanges=exchanges,
        overlap=overlap,
        link=link,
    )


def predict_training(
    loss: Callable[..., jax.Array],
    parameters: Any,
    *batch: Any,
    device: DeviceSpec | str,
    devices: int = 1,
) -> ParallelPrediction:
    """Predict a step of training with momentum, each device on a batch of its own.

    Args:
        loss: of the parameters and a batch, a scalar; of any model or function.
        parameters: a tree of arrays, or of their shapes.
        *batch: what one device is given.
        device: which, or its name in the catalogue.
        devices: how many; they sum their gradients, as far as possible during the backward pass.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> weights = jax.ShapeDtypeStruct((4096, 4096), jnp.float32)
        >>> images = jax.ShapeDtypeStruct((256, 4096), jnp.float32)
        >>> one, eight = (
        ...     predict_training(lambda w, x: ((x @ w) ** 2).mean(), weights, images,
        ...                      device="NVIDIA H100 SXM5 80GB", devices=n)
        ...     for n in (1, 8)
        ... )
        >>> one.exchange_s, one.seconds < eight.seconds < 8 * one.seconds
        (0.0, True)
    """
    spec = get_device(device) if isinstance(device, str) else device
    asked, gradient_bytes = training_demand(loss, parameters, *batch)
    return parallel_s(asked, spec, devices, exchanged_bytes=gradient_bytes, overlap=BACKWARD_SHARE)


def training_demand(
    loss: Callable[..., jax.Array], parameters: Any, *batch: Any
) -> tuple[Demand, float]:
    """What a step of training with momentum asks of a device, and the bytes of its gradient.

    Args:
        loss: of the parameters and a batch, a scalar.
        parameters: a tree of arrays, or of their shapes.
        *batch: what one device is given.
    """

    def step(weights: Any, momentum: Any, *data: Any) -> Any:
        gradient = jax.grad(loss)(weights, *data)
        momentum = jax.tree.map(lambda m, g: 0.9 * m + g, momentum, gradient)
        return jax.tree.map(lambda w, m: w - 0.1 * m, weights, momentum), momentum

    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), parameters)
    gradient_bytes = float(sum(map(array_bytes, jax.tree.leaves(shapes))))
    return demand(step, shapes, shapes, *batch), gradient_bytes


def parallel_s(
    asked: Demand,
    device: DeviceSpec,
    devices: int,
    *,
    exchanged_bytes: float,
    exchanges: int = 1,
    overlap: float = 0.0,
    link: Link | None = None,
    reached: Efficiency | None = None,
) -> ParallelPrediction:
    """:func:`predict_parallel` for a demand that is already known.

    Raises:
        ArgumentError: as there.
    """
    if devices < 1:
        raise ArgumentError("devices", required="at least 1", got=devices)
    if not 0 <= overlap <= 1:
        raise ArgumentError("overlap", required="from 0 to 1", got=overlap)
    reached = reached or efficiency()
    compute_s = device_s(asked, device, reached)
    exchange_s = 0.0
    if devices > 1 and exchanged_bytes:
        link = link or link_of(device, devices)
        exchange_s = exchanges * all_reduce_s(exchanged_bytes, devices, link)
    exposed_s = max(exchange_s - overlap * compute_s, 0.0)
    seconds = compute_s + exposed_s
    low_s, high_s = interval_s(seconds, fastest_s(asked, device), reached)
    return ParallelPrediction(
        seconds, low_s, high_s, compute_s, exchange_s, exposed_s, device.name, devices
    )
