"""The law of engines: any number of rows, the model's own numbers, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from flax import nnx

from labkit import export, serve
from labkit.errors import ArgumentError
from labkit.models import CNN, CNNConfig, predict


@pytest.fixture(scope="module")
def model():
    return CNN(CNNConfig.digits(), rngs=nnx.Rngs(0))


@pytest.fixture(scope="module")
def bundle(model, tmp_path_factory):
    pytest.importorskip("onnx", reason="needs the extra onnx")
    images = np.zeros((1, 8, 8, 1), np.float32)
    return export.save_bundle(
        tmp_path_factory.mktemp("cnn"), model, images, sizes=(1, 4, 8), onnx=True
    )


@pytest.mark.parametrize("name", [*serve.ENGINES, "fastest"])
def test_an_engine_gives_the_models_numbers_for_any_number_of_rows(name, bundle, model):
    if name == "onnxruntime":
        pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    engine = serve.load_engine(bundle, name, budget_s=0.01)
    assert isinstance(engine, serve.Engine)
    rows = np.random.default_rng(0).random((19, 8, 8, 1)).astype(np.float32)
    truth = predict(model, rows)
    for count in (1, 2, 4, 5, 8, 9, 19):
        np.testing.assert_allclose(engine(rows[:count]), truth[:count], rtol=1e-4, atol=1e-5)


def test_the_fastest_is_the_one_with_the_smallest_time():
    times = serve.EngineTimes({"a": {1: 0.2, 8: 0.3}, "b": {1: 0.1, 8: 0.4}})
    assert [times.fastest(size) for size in (1, 8)] == ["b", "a"]


def test_measuring_covers_every_size_of_every_engine(bundle):
    double = serve.FunctionEngine(lambda rows: 2 * rows)
    times = serve.measure_engines({"one": double, "two": double}, bundle, budget_s=0.01)
    assert {name: list(by_size) for name, by_size in times.seconds.items()} == {
        "one": [1, 4, 8],
        "two": [1, 4, 8],
    }
    assert all(s > 0 for by_size in times.seconds.values() for s in by_size.values())


def test_an_engine_that_is_not_there_is_said(bundle):
    with pytest.raises(ArgumentError, match="engine must be one of xla, onnxruntime"):
        serve.load_engine(bundle, "torch")
    with pytest.raises(ArgumentError, match="rows"):
        serve.on_ladder(np.zeros((0, 2)), (1,), lambda size, rows: rows)
