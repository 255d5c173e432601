from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from labkit.errors import ArgumentError, ShapeError
from labkit.kernels import reference
from labkit.models import CNN, MLP, CNNConfig, MLPConfig, Stage, predict

MODELS = {
    "mlp digits": (MLP, MLPConfig.digits(), 64 * 128 + 128 + 1290),
    "mlp mnist": (MLP, MLPConfig.mnist(), 784 * 256 + 256 + 256 * 128 + 128 + 1290),
    "mlp dropout": (MLP, MLPConfig((3,), (8,), 2, dropout=0.5), 32 + 18),
    "cnn cifar10": (CNN, CNNConfig.seed_cifar10(), 122_570),
    "cnn mnist": (CNN, CNNConfig.seed_mnist(), 121_930),
    "cnn digits": (CNN, CNNConfig.digits(), 320 + 18_496 + 65_600 + 650),
}


def build(name: str) -> tuple[nnx.Module, tuple[int, ...]]:
    model, config, _ = MODELS[name]
    shape = getattr(config, "image_shape", None) or config.input_shape
    return model(config, rngs=nnx.Rngs(0)), shape


@pytest.mark.parametrize("name", MODELS)
def test_has_the_parameters_counted_by_hand_and_the_right_outputs(name: str) -> None:
    model, shape = build(name)
    params = jax.tree.leaves(nnx.state(model, nnx.Param))
    assert sum(p.size for p in params) == MODELS[name][2]
    outputs = nnx.eval_shape(lambda m, x: m(x), model, jnp.zeros((3, *shape)))
    assert outputs.shape == (3, 2 if name == "mlp dropout" else 10)


def arrays(layer: nnx.Module) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(layer.kernel[...]), np.asarray(layer.bias[...])


def test_mlp_is_the_textbook_formula() -> None:
    model, shape = build("mlp mnist")
    x = np.random.default_rng(0).random((4, *shape), np.float32)
    expected = x.reshape(4, -1)
    for layer in model.hidden:
        kernel, bias = arrays(layer)
        expected = np.maximum(expected @ kernel + bias, 0)
    kernel, bias = arrays(model.head)
    # 784 products are summed in float32: relative error below 784 * 6e-8.
    np.testing.assert_allclose(model(jnp.asarray(x)), expected @ kernel + bias, atol=5e-5)


@pytest.mark.parametrize("name", ["cnn cifar10", "cnn digits"])
def test_cnn_is_the_reference_kernels_in_a_row(name: str) -> None:
    model, shape = build(name)
    x = np.random.default_rng(0).random((2, *shape), np.float32)
    maps, border = x, (1, 1) if model.config.padding == "SAME" else (0, 0)
    for conv, stage in zip(model.convs, model.config.stages, strict=True):
        maps = np.maximum(reference.conv2d(maps, *arrays(conv), padding=(border, border)), 0)
        maps = reference.max_pool2d(maps, (2, 2), stride=(2, 2)) if stage.pool else maps
    kernel, bias = arrays(model.hidden)
    hidden = np.maximum(maps.reshape(2, -1) @ kernel + bias, 0)
    kernel, bias = arrays(model.head)
    # At most 1024 products per sum, three sums deep, values of order 1.
    np.testing.assert_allclose(model(jnp.asarray(x)), hidden @ kernel + bias, atol=1e-4)


def test_same_seed_same_parameters_and_other_seed_others() -> None:
    config = MLPConfig.digits()
    first, again, other = (MLP(config, rngs=nnx.Rngs(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.head.kernel[...], again.head.kernel[...])
    assert not np.array_equal(first.head.kernel[...], other.head.kernel[...])


def test_initial_scale_keeps_the_variance_through_a_deep_relu_net() -> None:
    model = MLP(MLPConfig((256,), (256,) * 8, 256), rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (256, 256))
    hidden = x
    for layer in model.hidden:
        hidden = jax.nn.relu(layer(hidden))
    # He's argument: E[h^2] stays 1; a layer's width of 256 leaves about 10 % of chance each.
    assert 0.5 < float((hidden**2).mean()) < 2.0


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((8, 8, 1), "single example"),
        ((5, 8, 8), "channel axis is missing"),
        ((5, 9, 9, 1), r"\(8, 8, 1\)"),
    ],
)
def test_wrong_image_shape_is_named_with_its_remedy(shape, hint) -> None:
    model, _ = build("cnn digits")
    with pytest.raises(ShapeError, match=hint):
        predict(model, np.zeros(shape, np.float32))


def test_channels_first_images_are_recognised() -> None:
    model, _ = build("cnn cifar10")
    with pytest.raises(ShapeError, match="Channels come last"):
        predict(model, np.zeros((2, 3, 32, 32), np.float32))


def test_impossible_configurations_are_refused() -> None:
    with pytest.raises(ArgumentError, match='padding="SAME"'):
        CNNConfig((8, 8, 1), (Stage(8), Stage(8), Stage(8)))
    with pytest.raises(ArgumentError, match="dropout"):
        MLPConfig((3,), (4,), 2, dropout=1.0)
    with pytest.raises(ArgumentError, match="at least 1"):
        MLPConfig((3,), (0,), 2)


@pytest.mark.parametrize("batch_size", [1, 4, 5, 100])
def test_predict_does_not_depend_on_the_batch_size_and_drops_nothing_out(batch_size: int) -> None:
    model, shape = build("mlp dropout")
    x = np.random.default_rng(0).random((9, *shape), np.float32)
    kernel, bias = arrays(model.hidden[0])
    head, head_bias = arrays(model.head)
    expected = np.maximum(x @ kernel + bias, 0) @ head + head_bias
    np.testing.assert_allclose(predict(model, x, batch_size=batch_size), expected, atol=1e-6)
    assert not model.dropout.deterministic


def test_predict_refuses_nothing() -> None:
    model, shape = build("mlp digits")
    with pytest.raises(ArgumentError, match="at least one example"):
        predict(model, np.zeros((0, *shape), np.float32))
