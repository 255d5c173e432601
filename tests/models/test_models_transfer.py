"""Adapters against the product worked out in NumPy; frozen parts that stay, bit for bit."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.errors import ArgumentError, CheckpointError
from labkit.models import (
    MLP,
    Adapted,
    Bert,
    BertConfig,
    MLPConfig,
    ResNet9,
    ResNet9Config,
    TextClassifier,
    merge_lora,
    part,
    predict,
    summary,
    with_head,
    with_lora,
)
from labkit.train import BFLOAT16, CheckpointFolder, fit

X = np.random.default_rng(0).normal(size=(96, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int32)


def net() -> MLP:
    return MLP(MLPConfig((6,), (16, 12), 2), rngs=nnx.Rngs(0))


def leaves(model: nnx.Module, kind: object = nnx.Param) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(nnx.state(model, kind))]


def same(first: nnx.Module, second: nnx.Module) -> bool:
    return all(map(np.array_equal, leaves(first), leaves(second)))


def run(model: nnx.Module, **options) -> None:
    settings = {"epochs": 4, "batch_size": 16, "optimizer": optax.adam(1e-2), "progress": False}
    fit(model, X, Y, **settings | options)


def test_an_adapter_is_the_rank_two_change_worked_by_hand() -> None:
    adapted = with_lora(net(), 2, alpha=6.0, where=lambda name: name == "head", rngs=nnx.Rngs(1))
    head = adapted.head
    assert isinstance(head, Adapted)
    head.down[...] = jnp.arange(24.0).reshape(12, 2)
    head.up[...] = jnp.array([[1.0, -1.0], [0.5, 2.0]])
    kernel = np.asarray(head.layer.kernel[...])
    # alpha / rank = 3; (x @ down) @ up of row i is (2i + (2i + 1) / 2, -2i + 2 (2i + 1)).
    change = 3 * np.array([[2 * i + (2 * i + 1) / 2, -2 * i + 2 * (2 * i + 1)] for i in range(12)])
    merged = merge_lora(adapted)
    np.testing.assert_allclose(merged.head.kernel[...], kernel + change, rtol=1e-6)
    np.testing.assert_array_equal(head.layer.kernel[...], kernel)
    # Outputs of up to a thousand, summed over 12 products in another order.
    np.testing.assert_allclose(predict(merged, X), predict(adapted, X), rtol=1e-4, atol=1e-2)


def test_adapters_begin_as_no_change_and_merging_gives_the_model_back() -> None:
    model = net()
    adapted = with_lora(model, 3, alpha=12.0, rngs=nnx.Rngs(1))
    np.testing.assert_array_equal(predict(adapted, X), predict(model, X))
    assert same(merge_lora(adapted), model)
    assert summary(adapted, (4, 6)).parameters == sum(leaf.size for leaf in leaves(adapted))


@pytest.mark.parametrize("precision", [{}, {"precision": BFLOAT16}])
def test_only_adapters_are_trained(precision: dict) -> None:
    model = net()
    adapted = with_lora(model, 2, rngs=nnx.Rngs(1))
    run(adapted, trained=nnx.LoRAParam, **precision)
    for name in ("head", "hidden"):
        ours, before = getattr(adapted, name), getattr(model, name)
        pairs = zip(ours, before, strict=True) if name == "hidden" else [(ours, before)]
        for layer, old in pairs:
            np.testing.assert_array_equal(layer.layer.kernel[...], old.kernel[...])
            assert np.abs(layer.up[...]).max() > 0
    merged = predict(merge_lora(adapted), X)
    np.testing.assert_allclose(merged, predict(adapted, X), atol=1e-5)
    assert same(model, net())


def test_adapters_learn_what_the_model_did_not_know() -> None:
    model = net()
    run(model, epochs=40)
    other = 1 - Y
    assert (predict(model, X).argmax(-1) == other).mean() < 0.2
    adapted = with_lora(model, 4, rngs=nnx.Rngs(1))
    fit(
        adapted,
        X,
        other,
        epochs=80,
        batch_size=16,
        optimizer=optax.adam(2e-2),
        trained=nnx.LoRAParam,
        progress=False,
    )
    assert (predict(adapted, X).argmax(-1) == other).mean() > 0.95


def test_a_step_with_adapters_is_the_chain_rule_through_the_merged_kernel() -> None:
    """d loss / d up = scale * down^T (d loss / d kernel), and alike for down."""
    adapted = with_lora(net(), 2, alpha=4.0, rngs=nnx.Rngs(1))
    adapted.head.up[...] = jnp.ones((2, 2))
    before = jax.tree.map(np.asarray, (adapted.head.down[...], adapted.head.up[...]))

    def loss(kernel):
        merged = merge_lora(adapted)
        merged.head.kernel[...] = kernel
        return optax.softmax_cross_entropy_with_integer_labels(merged(jnp.asarray(X)), Y).mean()

    slope = np.asarray(jax.grad(loss)(merge_lora(adapted).head.kernel[...]))
    run(adapted, epochs=1, batch_size=96, optimizer=optax.sgd(0.5), trained=nnx.LoRAParam)
    down, up = before
    np.testing.assert_allclose(adapted.head.up[...], up - 0.5 * 2 * down.T @ slope, atol=1e-6)
    np.testing.assert_allclose(adapted.head.down[...], down - 0.5 * 2 * slope @ up.T, atol=1e-6)


def test_a_frozen_model_learns_in_its_chosen_parts_alone() -> None:
    model, before = net(), net()
    run(model, trained=part("hidden.1", "head.bias"))
    np.testing.assert_array_equal(model.hidden[0].kernel[...], before.hidden[0].kernel[...])
    np.testing.assert_array_equal(model.head.kernel[...], before.head.kernel[...])
    assert not np.array_equal(model.hidden[1].kernel[...], before.hidden[1].kernel[...])
    assert not np.array_equal(model.head.bias[...], before.head.bias[...])


def test_everything_trained_is_the_default_to_the_bit() -> None:
    plain, filtered = net(), net()
    run(plain)
    run(filtered, trained=part("hidden", "head"))
    assert same(plain, filtered)


def test_checkpoints_hold_the_trained_parameters_only_and_know_the_frozen(tmp_path: Path) -> None:
    def adapted(seed: int = 0) -> nnx.Module:
        model = MLP(MLPConfig((6,), (16, 12), 2), rngs=nnx.Rngs(seed))
        return with_lora(model, 2, rngs=nnx.Rngs(1))

    straight, resumed = adapted(), adapted()
    adam = optax.adam(1e-2)
    options = {"trained": nnx.LoRAParam, "optimizer": adam, "average_decay": 0.5}
    run(straight, epochs=2, **options)
    run(adapted(), epochs=1, checkpoint_dir=tmp_path, **options)
    stored, _ = CheckpointFolder(tmp_path).load(6)
    assert {name.rsplit("/", 1)[-1] for name in stored if name.startswith("params")} == {
        "down",
        "up",
    }
    assert not any("kernel" in name for name in stored)
    run(resumed, epochs=2, checkpoint_dir=tmp_path, resume=True, **options)
    assert same(straight, resumed)
    with pytest.raises(CheckpointError, match="its frozen differs"):
        run(adapted(5), epochs=2, checkpoint_dir=tmp_path, resume=True, **options)


def test_a_new_head_keeps_the_rest_and_trains_alone() -> None:
    old = ResNet9(ResNet9Config((8, 8, 1), width=2, num_classes=4), rngs=nnx.Rngs(0))
    model = with_head(old, 2, rngs=nnx.Rngs(1))
    images = np.random.default_rng(0).normal(size=(32, 8, 8, 1)).astype(np.float32)
    fit(model, images, np.arange(32) % 2, epochs=2, trained=part("head"), progress=False)
    assert predict(model, images).shape == (32, 2)
    assert predict(old, images).shape == (32, 4)
    kept, new = nnx.state(old.stages, nnx.Param), nnx.state(model.stages, nnx.Param)
    assert all(map(np.array_equal, jax.tree.leaves(kept), jax.tree.leaves(new)))


def test_a_text_classifier_learns_which_word_is_there_and_ignores_padding() -> None:
    encoder = Bert(BertConfig(12, 8, 16, 2, 1, 32), rngs=nnx.Rngs(0))
    model = TextClassifier(encoder, 2, rngs=nnx.Rngs(1))
    texts = np.random.default_rng(0).integers(3, 12, (128, 6)).astype(np.int32)
    labels = (texts == 7).any(1).astype(np.int32)
    texts[:, 4:] = np.where(texts[:, 4:] == 7, 7, 0)
    fit(model, texts, labels, epochs=40, optimizer=optax.adam(5e-3), progress=False)
    scores = predict(model, texts)
    assert (scores.argmax(-1) == labels).mean() > 0.95
    longer = np.pad(texts, ((0, 0), (0, 2)))
    np.testing.assert_allclose(predict(model, longer), scores, atol=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: with_lora(net(), 0, rngs=nnx.Rngs(0)), "rank must be at least 1"),
        (lambda: with_lora(net(), 2, where=lambda name: False, rngs=nnx.Rngs(0)), "where must be"),
        (lambda: run(net(), trained=nnx.LoRAParam), "some parameters below head, hidden"),
        (lambda: run(net(), trained=part("tail")), "some parameters below head, hidden"),
        (part, "at least one place"),
        (
            lambda: with_head(
                Bert(BertConfig(11, 8, 8, 2, 1, 16), rngs=nnx.Rngs(0)), 2, rngs=nnx.Rngs(0)
            ),
            "dense `head`",
        ),
    ],
)
def test_misuse_is_refused(call, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        call()


def test_skipping_common_padding_changes_no_score_and_no_gradient() -> None:
    config = BertConfig(30, 16, 8, 2, 2, 16)
    rng = np.random.default_rng(3)
    plain, skipping = (
        TextClassifier(Bert(config, rngs=nnx.Rngs(0)), 3, lengths=some, rngs=nnx.Rngs(1))
        for some in ((), (4, 8))
    )
    for longest in (1, 4, 5, 8, 9, 16):
        tokens = np.zeros((5, 16), np.int32)
        for row in tokens:
            row[: rng.integers(1, longest + 1)] = 3
        tokens[0, :longest] = rng.integers(1, 30, longest)

        def loss(model: TextClassifier, shown: np.ndarray = tokens) -> jax.Array:
            return (model(jnp.asarray(shown)) ** 2).sum()

        found = [nnx.value_and_grad(loss)(model) for model in (plain, skipping)]
        np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5),
            *(nnx.to_pure_dict(gradient) for _, gradient in found),
        )
