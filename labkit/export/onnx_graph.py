"""The same network as an ONNX graph, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from labkit.errors import ArgumentError
from labkit.models import CNN, MLP, Conv, Dense

__all__ = ["TRANSLATIONS", "to_onnx"]

_ACTIVATIONS = {
    jax.nn.relu: "Relu",
    jax.nn.sigmoid: "Sigmoid",
    jax.nn.softplus: "Softplus",
    jax.nn.elu: "Elu",
    jnp.tanh: "Tanh",
}
_OPSET, _IR_VERSION = 17, 8


class _Graph:
    """Nodes and weights in the order they are added; every node has one result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        result = f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [result], **attributes))
        return result

    def weight(self, array: Any) -> str:
        from onnx import numpy_helper

        name = f"weight_{len(self.weights)}"
        values = np.ascontiguousarray(np.asarray(array, np.float32))
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def bend(self, x: str, activation: Callable[..., Any]) -> str:
        if activation not in _ACTIVATIONS:
            known = ", ".join(fn.__name__ for fn in _ACTIVATIONS)
            raise ArgumentError("activation", required=f"one of {known}", got=activation)
        return self.add(_ACTIVATIONS[activation], x)

    def dense(self, x: str, layer: Dense, kernel: np.ndarray | None = None) -> str:
        inputs = [x, self.weight(layer.kernel[...] if kernel is None else kernel)]
        if layer.bias is not None:
            inputs.append(self.weight(layer.bias[...]))
        return self.add("Gemm", *inputs)

    def conv(self, x: str, layer: Conv) -> str:
        """ONNX keeps channels first: (b c h w), and weights (o c h w)."""
        inputs = [x, self.weight(np.asarray(layer.kernel[...]).transpose(3, 2, 0, 1))]
        if layer.bias is not None:
            inputs.append(self.weight(layer.bias[...]))
        options: dict[str, Any] = {"strides": [layer.stride] * 2, "group": layer.groups}
        if isinstance(layer.padding, int):
            options["pads"] = [layer.padding] * 4
        else:
            options["auto_pad"] = {"SAME": "SAME_UPPER", "VALID": "VALID"}[str(layer.padding)]
        return self.add("Conv", *inputs, **options)


def _mlp(graph: _Graph, model: MLP, x: str) -> str:
    x = graph.add("Flatten", x)
    for layer in model.hidden:
        x = graph.bend(graph.dense(x, layer), model.config.activation)
    return graph.dense(x, model.head)


def _cnn(graph: _Graph, model: CNN, x: str) -> str:
    x = graph.add("Transpose", x, perm=[0, 3, 1, 2])
    for conv, stage in zip(model.convs, model.config.stages, strict=True):
        x = graph.bend(graph.conv(x, conv), model.config.activation)
        x = graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]) if stage.pool else x
    # The maps are flat in the order (c h w) here, in the model (h w c): turn the weights instead.
    rows, columns, channels = model.config.map_shape
    maps = np.asarray(model.hidden.kernel[...]).reshape(rows, columns, channels, -1)
    kernel = maps.transpose(2, 0, 1, 3).reshape(rows * columns * channels, -1)
    x = graph.dense(graph.add("Flatten", x), model.hidden, kernel)
    return graph.dense(graph.bend(x, model.config.activation), model.head)


#: The models that have a translation, and it: ``(graph, model, input's name) -> result's name``.
TRANSLATIONS: dict[type[nnx.Module], Callable[[Any, Any, str], str]] = {MLP: _mlp, CNN: _cnn}


def to_onnx(model: nnx.Module, *, input_name: str = "input", output_name: str = "output") -> bytes:
    """A model of float32 in evaluation mode as an ONNX file; the batch axis is free.

    Args:
        model: one of the classes of :data:`TRANSLATIONS`.
        input_name: of the graph's input, in the model's own layout (channels last).
        output_name: of the graph's result.

    Raises:
        ArgumentError: the model or its activation has no translation.
    """
    translate = TRANSLATIONS.get(type(model))
    if translate is None:
        known = ", ".join(kind.__name__ for kind in TRANSLATIONS)
        raise ArgumentError("model", required=f"one of {known}", got=type(model).__name__)
    from onnx import TensorProto, checker, helper

    config: Any = model.config
    shape = config.input_shape if isinstance(model, MLP) else config.image_shape
    outputs = config.num_outputs if isinstance(model, MLP) else config.num_classes
    graph = _Graph()
    translate(graph, model, input_name)
    graph.nodes[-1].output[0] = output_name
    made = helper.make_graph(
        graph.nodes,
        "labkit",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["b", *shape])],
        [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, ["b", outputs])],
        graph.weights,
    )
    opset = helper.make_opsetid("", _OPSET)
    whole = helper.make_model(made, opset_imports=[opset], ir_version=_IR_VERSION)
    checker.check_model(whole, full_check=True)
    return whole.SerializeToString()
