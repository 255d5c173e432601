"""A model layer by layer: shapes, parameters, operations, bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from labkit import perf
from labkit.models.layers import Conv
from labkit.models.predict import in_evaluation_mode
from labkit.types import PyTree
from labkit.units import format_bytes, format_si

__all__ = ["LayerSummary", "Summary", "summary"]


@dataclass(frozen=True)
class LayerSummary:
    """One layer at work on one batch.

    Attributes:
        name: where the layer stands in the model, such as ``convs.0``.
        kind: its class.
        output_shape: shape of what it returns.
        parameters: numbers it learns.
        flops: operations, a multiply-add counted as two.
        moved_bytes: its input and parameters read once and its output written once.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    flops: float
    moved_bytes: float


@dataclass(frozen=True)
class Summary:
    """All layers in the order in which they are called, and the whole.

    Attributes:
        layers: one row for each call of a layer.
        parameters: numbers the whole model learns; a layer called twice counts once.
        parameter_bytes: what they take in memory.
        flops: of the whole model on the batch.
        other_flops: of what happens between the layers: activations, sums, masks.
    """

    layers: tuple[LayerSummary, ...]
    parameters: int
    parameter_bytes: int
    flops: float
    other_flops: float

    def __str__(self) -> str:
        head = ("layer", "kind", "output shape", "parameters", "FLOP", "bytes moved")
        rows = [
            (
                layer.name,
                layer.kind,
                str(layer.output_shape),
                f"{layer.parameters:,}",
                format_si(layer.flops),
                format_bytes(layer.moved_bytes),
            )
            for layer in self.layers
        ]
        rows.append(("between layers", "", "", "", format_si(self.other_flops), ""))
        size = format_bytes(self.parameter_bytes)
        rows.append(("total", "", "", f"{self.parameters:,}", format_si(self.flops), size))
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        return "\n".join(_aligned(row, widths) for row in (head, *rows))


def summary(model: nnx.Module, *inputs: Any) -> Summary:
    """Count what a model does to a batch, layer by layer, in evaluation mode; computes nothing.

    A layer is a module none of whose own modules are called. What is counted is each layer by
    itself by its definition; fused kernels and shortcuts such as Winograd's do less than this.

    Args:
        model: called as ``model(*inputs)``.
        *inputs: arrays, ``jax.ShapeDtypeStruct``, or shapes of float32 arrays as tuples.

    Example:
        >>> from labkit.models import CNN, CNNConfig
        >>> model = CNN(CNNConfig.seed_cifar10(), rngs=nnx.Rngs(0))
        >>> counted = summary(model, (1, 32, 32, 3))
        >>> counted.parameters, counted.layers[0].output_shape, counted.layers[0].parameters
        (122570, (1, 30, 30, 32), 896)
    """
    model = in_evaluation_mode(model)
    batch = tuple(_abstract(value) for value in inputs)
    calls: list[_Call] = []
    observed = _observed(model, calls)
    flops = _count(observed, batch).flops
    layers = tuple(_row(call) for call in calls)
    params = jax.tree.leaves(nnx.state(model, nnx.Param))
    return Summary(
        layers=layers,
        parameters=sum(leaf.size for leaf in params),
        parameter_bytes=sum(leaf.size * leaf.dtype.itemsize for leaf in params),
        flops=flops,
        other_flops=flops - sum(layer.flops for layer in layers),
    )


@dataclass(frozen=True)
class _Call:
    """A layer, and the shapes it was called on."""

    name: str
    layer: nnx.Module
    inputs: PyTree
    output: PyTree


class _Noted(nnx.Module):
    """Stands in a model for one of its layers, and notes each call of it."""

    def __init__(self, layer: nnx.Module, note: Callable[..., None]) -> None:
        self.layer, self.note = layer, note

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        output = self.layer(*inputs, **options)
        self.note(inputs, options, output)
        return output


def _observed(model: nnx.Module, calls: list[_Call]) -> nnx.Module:
    """The model with every layer noting its calls, in the order in which they are made."""

    def with_notes(path: tuple, node: Any) -> Any:
        if not path or not _is_layer(node):
            return node
        if isinstance(node, Conv):
            node.method = "xla"  # of this copy: the definition, not a shortcut such as Winograd's

        def note(inputs: Any, options: Any, output: Any) -> None:
            shapes = jax.tree.map(_abstract, ((inputs, options), output))
            calls.append(_Call(".".join(map(str, path)), node, *shapes))

        return _Noted(node, note)

    return nnx.recursive_map(with_notes, model)


def _is_layer(node: Any) -> bool:
    if not isinstance(node, nnx.Module) or not callable(node):
        return False
    inner = [module for path, module in nnx.iter_modules(node) if path]
    return not any(callable(module) and not _is_randomness(module) for module in inner)


def _is_randomness(module: nnx.Module) -> bool:
    return isinstance(module, nnx.Rngs | nnx.RngStream)


def _row(call: _Call) -> LayerSummary:
    counted = _count(call.layer, *call.inputs)
    shapes = [leaf.shape for leaf in jax.tree.leaves(call.output)]
    return LayerSummary(
        name=call.name,
        kind=type(call.layer).__name__,
        output_shape=shapes[0],
        parameters=sum(leaf.size for leaf in jax.tree.leaves(nnx.state(call.layer, nnx.Param))),
        flops=counted.flops,
        moved_bytes=min(counted.minimal_bytes, counted.moved_bytes),  # a reshape moves nothing
    )


def _count(model: nnx.Module, inputs: tuple, options: dict | None = None) -> perf.Count:
    """Count one call; what is no array among the arguments stays as it is."""
    graphdef, state = nnx.split(model)
    leaves, structure = jax.tree.flatten((inputs, options or {}))
    arrays = {i: leaf for i, leaf in enumerate(leaves) if isinstance(leaf, jax.ShapeDtypeStruct)}

    def call(state: PyTree, arrays: dict[int, Any]) -> Any:
        arguments = [arrays.get(i, leaf) for i, leaf in enumerate(leaves)]
        inputs, options = jax.tree.unflatten(structure, arguments)
        return nnx.merge(graphdef, state)(*inputs, **options)

    return perf.count(call, nnx.to_pure_dict(state), arrays, compiled=False)


def _abstract(value: Any) -> Any:
    if isinstance(value, tuple) and all(isinstance(size, int) for size in value):
        return jax.ShapeDtypeStruct(value, jnp.float32)
    if hasattr(value, "shape"):
        return jax.ShapeDtypeStruct(value.shape, value.dtype)
    return value


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    """Words to the left, numbers to the right."""
    cells = [
        f"{cell:<{w}}" if i < 3 else f"{cell:>{w}}"
        for i, (cell, w) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
