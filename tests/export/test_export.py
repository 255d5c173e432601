"""An exported model answers as the model does, whoever runs it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import export as jax_export

from labkit import export
from labkit.errors import ArgumentError, DataError
from labkit.models import CNN, MLP, CNNConfig, MLPConfig, Stage, predict

MODELS = {
    "mlp": (MLP, MLPConfig.digits(), (8, 8, 1)),
    "tanh mlp with dropout": (
        MLP,
        MLPConfig((5,), (7, 6), 3, activation=jnp.tanh, dropout=0.5),
        (5,),
    ),
    "cnn": (CNN, CNNConfig.digits(), (8, 8, 1)),
    "odd cnn": (
        CNN,
        CNNConfig((11, 13, 3), (Stage(4), Stage(5, pool=False)), 6, 4, activation=jax.nn.sigmoid),
        (11, 13, 3),
    ),
}


def build(name):
    kind, config, shape = MODELS[name]
    rows = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    return kind(config, rngs=nnx.Rngs(params=0, dropout=1)), rows


@pytest.mark.parametrize("name", MODELS)
def test_the_onnx_graph_gives_the_models_numbers(name):
    """ONNX Runtime runs the file: neither the exporter nor labkit's kernels have a part in it."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    model, rows = build(name)
    session = onnxruntime.InferenceSession(
        export.to_onnx(model, input_name="x", output_name="y"), providers=["CPUExecutionProvider"]
    )
    (answer,) = session.run(["y"], {"x": rows})
    np.testing.assert_allclose(answer, predict(model, rows), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["mlp", "odd cnn"])
def test_the_programs_give_the_models_numbers(name, tmp_path):
    model, rows = build(name)
    export.save_bundle(tmp_path, model, rows, name="m", sizes=(4, 1))
    bundle = export.load_bundle(tmp_path)
    assert bundle.manifest.sizes == (1, 4)
    assert bundle.onnx is None
    for size in (1, 4):
        answer = jax_export.deserialize(bytearray(bundle.program(size))).call(
            bundle.weights, rows[:size]
        )
        np.testing.assert_allclose(answer, predict(model, rows[:size]), rtol=1e-5, atol=1e-6)


def test_a_manifest_survives_its_text():
    tensor = export.TensorSpec("x", "INT8", (2, 3))
    manifest = export.Manifest("m", "2", tensor, tensor, (1, 8), {"a": "00"})
    assert export.Manifest.from_json(manifest.to_json()) == manifest


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "name": "m"}'])
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(DataError):
        export.Manifest.from_json(text)


def test_an_altered_or_missing_file_is_refused(tmp_path):
    model, rows = build("mlp")
    bundle = export.save_bundle(tmp_path, model, rows, sizes=(1,))
    program = tmp_path / "batch_1.stablehlo"
    program.write_bytes(program.read_bytes() + b"!")
    with pytest.raises(DataError, match="not what was exported"):
        bundle.program(1)
    program.unlink()
    with pytest.raises(DataError, match="missing"):
        bundle.program(1)
    with pytest.raises(ArgumentError, match="size must be one of"):
        bundle.program(3)
    with pytest.raises(DataError, match="not an exported model"):
        export.load_bundle(tmp_path / "nowhere")


def test_what_cannot_be_exported_is_said():
    model, rows = build("mlp")
    with pytest.raises(ArgumentError, match="sizes"):
        export.save_bundle("unused", model, rows, sizes=())
    with pytest.raises(ArgumentError, match="model must be one of MLP, CNN"):
        export.to_onnx(nnx.Linear(2, 2, rngs=nnx.Rngs(0)))
    with pytest.raises(ArgumentError, match="of one of the types"):
        export.TensorSpec.of("x", np.zeros((1, 2), complex))
    with pytest.raises(ArgumentError, match="datatype"):
        export.TensorSpec("x", "BF99", ())
    pytest.importorskip("onnx", reason="needs the extra onnx")
    odd = MLP(MLPConfig((2,), (2,), 2, activation=jnp.sin), rngs=nnx.Rngs(0))
    with pytest.raises(ArgumentError, match="activation must be one of"):
        export.to_onnx(odd)
