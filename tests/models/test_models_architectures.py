"""Laws over the table of architectures: each against its formula, in NumPy and in PyTorch."""

from __future__ import annotations

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from labkit.errors import ArgumentError, ShapeError
from labkit.models import (
    CNN,
    GRU,
    LSTM,
    MLP,
    CNNConfig,
    MLPConfig,
    RecurrentConfig,
    RecurrentNet,
    ResNet,
    ResNet9,
    ResNet9Config,
    ResNetConfig,
    SignalCNN,
    SignalConfig,
    SignalLSTM,
    Stage,
    Transformer,
    TransformerConfig,
    ViT,
    ViTConfig,
    generate,
    predict,
    summary,
)
from labkit.train import cross_entropy, fit

sys.path.insert(0, str(Path(__file__).parent))
import architectures as formulas

IMAGE = (12, 12, 2)
TOKENS = np.random.default_rng(1).integers(0, 9, (3, 6))
IMAGES = np.random.default_rng(0).normal(size=(3, *IMAGE)).astype(np.float32)
SIGNALS = np.random.default_rng(0).normal(size=(3, 11, 2)).astype(np.float32)
# Halved three times, these leave 2x2 maps: a batch norm over single pixels of three images would
# divide by tiny deviations and turn rounding into large differences.
LARGER = np.random.default_rng(0).normal(size=(3, 16, 16, 2)).astype(np.float32)


def words(**options) -> TransformerConfig:
    return TransformerConfig(9, 5, 8, width=8, heads=2, layers=2, **options)


TABLE = {
    "mlp": (MLP, MLPConfig(IMAGE, (7, 6), 4), formulas.mlp, IMAGES),
    "cnn": (CNN, CNNConfig(IMAGE, (Stage(4), Stage(5, pool=False)), 6), formulas.cnn, IMAGES),
    "resnet": (ResNet, ResNetConfig(IMAGE, (4, 6), blocks=2), formulas.resnet, IMAGES),
    "resnet separable": (
        ResNet,
        ResNetConfig(IMAGE, (4, 6), separable=True),
        formulas.resnet,
        IMAGES,
    ),
    "resnet9": (ResNet9, ResNet9Config((16, 16, 2), width=3), formulas.resnet9, LARGER),
    "lstm": (RecurrentNet, RecurrentConfig(9, 5, 6, layers=2), formulas.recurrent, TOKENS),
    "gru": (RecurrentNet, RecurrentConfig(9, 5, 6, layer=GRU), formulas.recurrent, TOKENS),
    "lstm both ways": (
        RecurrentNet,
        RecurrentConfig(9, 5, 6, layer=LSTM, bidirectional=True),
        formulas.recurrent,
        TOKENS,
    ),
    "gru both ways": (
        RecurrentNet,
        RecurrentConfig(9, 5, 6, layer=GRU, bidirectional=True, layers=2),
        formulas.recurrent,
        TOKENS,
    ),
    "signal cnn": (
        SignalCNN,
        SignalConfig(11, 4, 2, (5, 3), (4, 3)),
        formulas.signal_cnn,
        SIGNALS,
    ),
    "signal lstm": (SignalLSTM, SignalConfig(11, 4, 2, (5,), (1,)), formulas.signal_lstm, SIGNALS),
    "encoder": (Transformer, words(), formulas.transformer, TOKENS),
    "decoder": (Transformer, words(causal=True), formulas.transformer, TOKENS),
    "vit": (ViT, ViTConfig(IMAGE, 4, width=8, heads=2, layers=1), formulas.vit, IMAGES),
}


def built(name: str) -> nnx.Module:
    model, config, _, _ = TABLE[name]
    model = model(config, rngs=nnx.Rngs(0))
    # Zeros and ones hide mistakes: every parameter becomes an ordinary number.
    rng = np.random.default_rng(2)
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    nnx.update(
        model,
        jax.tree.map(lambda p: p + 0.2 * rng.normal(size=p.shape).astype(np.float32), params),
    )
    return model


def plain(model: nnx.Module) -> dict:
    return nnx.to_pure_dict(nnx.state(model, nnx.Param))


@pytest.mark.parametrize("name", TABLE)
def test_is_its_formula_in_numpy(name: str) -> None:
    model = built(name)
    _, config, formula, inputs = TABLE[name]
    params = jax.tree.map(lambda p: np.asarray(p, np.float64), plain(model))
    expected = formula(formulas.NumpyOps, params, inputs, config)
    ours = nnx.jit(lambda m, x: m(x))(model, jnp.asarray(inputs))
    # float32 against float64: sums of at most 300 products, up to ten layers, outputs of order 1;
    # a batch norm may divide by a small deviation and so multiply the rounding by some tens.
    np.testing.assert_allclose(ours, expected, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", TABLE)
def test_outputs_and_gradients_are_pytorchs(name: str, bits: int) -> None:
    torch = pytest.importorskip("torch")
    _, config, formula, inputs = TABLE[name]
    graphdef, params, rest = nnx.split(built(name), nnx.Param, ...)
    params, rest = nnx.to_pure_dict(params), nnx.to_pure_dict(rest)
    dtype = {32: np.float32, 64: np.float64}[bits]
    params = jax.tree.map(lambda p: np.asarray(p, dtype), params)
    is_tokens = inputs is TOKENS
    inputs = inputs if is_tokens else inputs.astype(dtype)
    targets = inputs % 5 if is_tokens else np.arange(3) % 4

    def loss(params):
        outputs = nnx.merge(graphdef, params, rest)(jnp.asarray(inputs))
        return cross_entropy(outputs, jnp.asarray(targets)), outputs

    with jax.enable_x64(bits == 64):
        rest = jax.tree.map(lambda r: jnp.asarray(r, dtype), rest)  # running statistics
        ours, outputs = jax.jit(jax.grad(loss, has_aux=True))(jax.tree.map(jnp.asarray, params))
    theirs = jax.tree.map(lambda p: torch.tensor(p, requires_grad=True), params)
    x = inputs if is_tokens else torch.tensor(inputs)
    logits = formula(formulas.TorchOps(), theirs, x, config)
    flat = logits.reshape(-1, logits.shape[-1])
    torch.nn.functional.cross_entropy(flat, torch.tensor(targets.reshape(-1))).backward()
    # In 64 bits the two are one function: only the order of sums differs. In 32 bits that order
    # costs up to a thousandth of the largest gradient of a parameter, through ten layers.
    forward, backward = {32: (1e-4, 1e-3), 64: (1e-10, 1e-9)}[bits]
    np.testing.assert_allclose(outputs, logits.detach().numpy(), rtol=forward, atol=forward)
    for (path, our), their in zip(
        jax.tree_util.tree_leaves_with_path(ours), jax.tree.leaves(theirs), strict=True
    ):
        scale = max(float(np.abs(our).max()), 1e-3)
        where = jax.tree_util.keystr(path)
        np.testing.assert_allclose(our, their.grad, rtol=0, atol=backward * scale, err_msg=where)


@pytest.mark.parametrize("name", ["cnn", "resnet9"])
def test_slopes_are_the_differences_of_the_numpy_formula(name: str) -> None:
    """Where maxima follow normalisations, a gradient that is lost in the pooling shows here."""
    _, config, formula, inputs = TABLE[name]
    graphdef, *states = nnx.split(built(name), nnx.Param, ...)
    params, rest = map(nnx.to_pure_dict, states)
    targets = np.arange(3) % 4

    def loss(params):
        outputs = nnx.merge(graphdef, params, rest)(jnp.asarray(inputs))
        return cross_entropy(outputs, jnp.asarray(targets))

    ours = jax.jit(jax.grad(loss))(params)
    rng = np.random.default_rng(3)
    start = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
    direction = jax.tree.map(lambda p: rng.normal(size=p.shape), start)

    def in_numpy(step: float) -> float:
        moved = jax.tree.map(lambda p, d: p + step * d, start, direction)
        logits = formula(formulas.NumpyOps, moved, inputs.astype(np.float64), config)
        return float((np.log(np.exp(logits).sum(1)) - logits[np.arange(3), targets]).mean())

    slope = (in_numpy(1e-7) - in_numpy(-1e-7)) / 2e-7
    along = jax.tree.map(lambda g, d: float((np.asarray(g) * d).sum()), ours, direction)
    # Differences of float64 are good to seven digits here, float32 gradients to four.
    assert sum(jax.tree.leaves(along)) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("name", TABLE)
def test_summary_adds_up(name: str) -> None:
    model, (_, _, _, inputs) = built(name), TABLE[name]
    counted = summary(model, jnp.asarray(inputs))
    assert sum(layer.parameters for layer in counted.layers) <= counted.parameters
    assert counted.parameters == sum(p.size for p in jax.tree.leaves(plain(model)))
    assert 0 <= counted.other_flops < counted.flops


@pytest.mark.parametrize(
    ("config", "millions"),
    [
        # He et al. 2016, table 6: 0.27 M for 20 layers; option B adds two 1x1 shortcuts.
        (ResNetConfig.resnet20(), 0.27),
        # Page 2018: the DAWNBench network.
        (ResNet9Config.cifar10(), 6.57),
    ],
)
def test_published_sizes(config, millions) -> None:
    model = ResNet if isinstance(config, ResNetConfig) else ResNet9
    counted = nnx.eval_shape(lambda: model(config, rngs=nnx.Rngs(0)))
    total = sum(p.size for p in jax.tree.leaves(plain(counted)))
    assert total / 1e6 == pytest.approx(millions, rel=0.02)


def test_separable_blocks_need_a_fraction_of_the_work() -> None:
    dense, separable = (
        summary(ResNet(ResNetConfig(IMAGE, separable=flag), rngs=nnx.Rngs(0)), (1, *IMAGE)).flops
        for flag in (False, True)
    )
    assert separable < dense / 4


# ---- decoding


def test_cached_decoding_is_full_recomputation() -> None:
    model = built("decoder")
    tokens = jnp.asarray(TOKENS)
    at_once = nnx.jit(lambda m, x: m(x))(model, tokens)
    extend = nnx.jit(lambda m, x, caches: m.extend(x, caches))
    first, caches = extend(model, tokens[:, :2], model.empty_caches(3))
    parts = [first]
    for place in range(2, 6):
        new, caches = extend(model, tokens[:, place : place + 1], caches)
        parts.append(new)
    # The same sums over 8 cached places, of which the empty ones weigh exactly nothing.
    np.testing.assert_allclose(jnp.concatenate(parts, 1), at_once, atol=1e-5)


def test_greedy_generation_takes_the_likeliest_token_each_time() -> None:
    model = Transformer(
        TransformerConfig(9, 9, 12, width=8, heads=2, layers=1, causal=True), rngs=nnx.Rngs(3)
    )
    drawn = generate(model, TOKENS[:, :3], 5, temperature=0.0)
    sequence = np.concatenate([TOKENS[:, :3], drawn], 1)
    at_once = nnx.jit(lambda m, x: m(x))(model, jnp.asarray(sequence))
    np.testing.assert_array_equal(drawn, at_once.argmax(-1)[:, 2:-1])
    np.testing.assert_array_equal(
        generate(model, TOKENS[:, :3], 5, seed=1), generate(model, TOKENS[:, :3], 5, seed=1)
    )


def test_a_decoder_never_looks_ahead_and_an_encoder_does() -> None:
    changed = TOKENS.copy()
    changed[:, -1] = (changed[:, -1] + 1) % 9
    for name, same in (("decoder", True), ("encoder", False)):
        model = built(name)
        call = nnx.jit(lambda m, x: m(x))
        before, after = (np.asarray(call(model, jnp.asarray(t)))[:, :-1] for t in (TOKENS, changed))
        assert np.allclose(before, after, atol=1e-6) is same


def test_masked_padding_changes_nothing() -> None:
    model = built("encoder")
    padded = np.pad(TOKENS, ((0, 0), (0, 2)), constant_values=7)
    mask = jnp.arange(8)[None] < jnp.full((3, 1), 6)
    call = nnx.jit(lambda m, x, mask: m(x, mask=mask))
    ours, unpadded = call(model, jnp.asarray(padded), mask), call(model, jnp.asarray(TOKENS), None)
    np.testing.assert_allclose(ours[:, :6], unpadded, atol=1e-5)


# ---- training and evaluation mode


def test_batch_norm_averages_what_it_sees_and_uses_it_afterwards() -> None:
    model = ResNet(ResNetConfig(IMAGE, (4,)), rngs=nnx.Rngs(0))
    stem = np.asarray(model.stem(jnp.asarray(IMAGES)))
    model(jnp.asarray(IMAGES))
    mean, variance = stem.mean((0, 1, 2)), stem.var((0, 1, 2))
    np.testing.assert_allclose(model.stem_norm.mean[...], 0.1 * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.stem_norm.variance[...], 0.9 + 0.1 * variance, rtol=1e-4)
    kept = np.asarray(model.stem_norm.mean[...])
    alone, together = predict(model, IMAGES[:1]), predict(model, IMAGES)
    np.testing.assert_allclose(alone, together[:1], atol=1e-5)  # no look at the rest of the batch
    np.testing.assert_array_equal(model.stem_norm.mean[...], kept)


def test_rematerialised_blocks_give_the_same_gradients_and_train() -> None:
    def gradients(flag: bool):
        config = ResNetConfig(IMAGE, (4, 6), rematerialise=flag)
        graphdef, params, rest = nnx.split(ResNet(config, rngs=nnx.Rngs(0)), nnx.Param, ...)
        rest = nnx.to_pure_dict(rest)

        def loss(params):
            return jnp.square(nnx.merge(graphdef, params, rest)(jnp.asarray(IMAGES))).mean()

        return jax.tree.leaves(jax.jit(jax.grad(loss))(nnx.to_pure_dict(params)))

    rest_kept, rest_again = gradients(False), gradients(True)
    for kept, again in zip(rest_kept, rest_again, strict=True):
        np.testing.assert_allclose(kept, again, rtol=1e-4, atol=1e-6)


def test_a_network_with_batch_norm_learns_through_fit() -> None:
    x = np.concatenate([IMAGES, -IMAGES] * 8)
    y = np.array([0, 0, 0, 1, 1, 1] * 8)
    model = ResNet(ResNetConfig(IMAGE, (4, 6), num_classes=2, rematerialise=True), rngs=nnx.Rngs(0))
    fit(model, x, y, epochs=12, batch_size=16, progress=False)
    assert (predict(model, x).argmax(-1) == y).mean() == 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TransformerConfig(9, 9, 8, width=9, heads=2), ArgumentError, "divisor of 9"),
        (lambda: words(dropout=1.0), ArgumentError, "dropout"),
        (lambda: ViTConfig(IMAGE, 5), ArgumentError, "divisor of both sides"),
        (lambda: ResNetConfig(IMAGE, blocks=0), ArgumentError, "at least one block"),
        (lambda: built("encoder")(jnp.zeros((1, 9), int)), ShapeError, "at most 8 positions"),
        (
            lambda: built("encoder").extend(jnp.zeros((1, 1), int), ()),
            ArgumentError,
            "true for decoding",
        ),
        (lambda: generate(built("decoder"), np.array([[1]]), 8), ShapeError, "at most 8 positions"),
        (lambda: generate(built("decoder"), np.array([1]), 2), ShapeError, "at least one each"),
    ],
)
def test_misuse_is_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
