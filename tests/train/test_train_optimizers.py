"""Laws over the table of optimizers, each also against its formula written out in NumPy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.errors import ArgumentError
from labkit.models import MLP, MLPConfig
from labkit.train import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    OPTIMIZERS,
    Precision,
    accumulated,
    adamw,
    clipped,
    cross_entropy,
    fit,
    l1_penalty,
    momentum,
    sgd,
    warmup_cosine,
)
from labkit.train.loop import epoch_order
from labkit.train.precision import LossScale

RNG = np.random.default_rng(0)
W0 = {"kernel": RNG.normal(size=(3, 4)), "bias": RNG.normal(size=4)}
GRADIENTS = [{"kernel": RNG.normal(size=(3, 4)), "bias": RNG.normal(size=4)} for _ in range(5)]
RATE, DECAY = 0.1, 0.01


def descend(optimizer, gradients=GRADIENTS):
    params = jax.tree.map(jnp.float32, W0)
    state = optimizer.init(params)
    for gradient in gradients:
        updates, state = optimizer.update(jax.tree.map(jnp.float32, gradient), state, params)
        params = optax.apply_updates(params, updates)
    return params


def sgd_by_hand(w, gradients, decay):
    for g in gradients:
        w = w - RATE * (g + decay * w)
    return w


def momentum_by_hand(w, gradients, decay):
    m = 0
    for g in gradients:
        g = g + decay * w
        m = 0.9 * m + g
        w = w - RATE * (0.9 * m + g)
    return w


def adamw_by_hand(w, gradients, decay):
    m = v = 0
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        w = w - RATE * (step + decay * w)
    return w


def lamb_by_hand(w, gradients, decay):
    m = v = 0
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + decay * w
        w = w - RATE * step * np.linalg.norm(w) / np.linalg.norm(step)
    return w


BY_HAND = {
    "sgd": sgd_by_hand,
    "momentum": momentum_by_hand,
    "adamw": adamw_by_hand,
    "lamb": lamb_by_hand,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_follows_its_formula_and_decays_kernels_only(name: str) -> None:
    ours = descend(OPTIMIZERS[name](RATE, weight_decay=DECAY))
    for leaf, decay in (("kernel", DECAY), ("bias", 0.0)):
        expected = BY_HAND[name](W0[leaf], [g[leaf] for g in GRADIENTS], decay)
        # Five float32 steps; Adam's square roots cost a few units in the last place each.
        np.testing.assert_allclose(ours[leaf], expected, rtol=2e-5, atol=2e-6)


def test_muon_steps_are_nearly_orthogonal() -> None:
    kernel = {"kernel": GRADIENTS[0]["kernel"], "bias": GRADIENTS[0]["bias"]}
    moved = descend(OPTIMIZERS["muon"](1.0), [kernel])
    step = np.asarray(W0["kernel"] - moved["kernel"])
    sizes = np.linalg.svd(step, compute_uv=False)
    # Five Newton-Schulz rounds bring every singular value near one common value: the method's
    # own page gives 0.7 to 1.2 of it.
    assert sizes.max() / sizes.min() < 1.8
    assert np.linalg.cond(kernel["kernel"]) > 2.0


def test_muon_takes_a_convolution_for_a_matrix_and_leaves_tables_to_adam() -> None:
    window, table = RNG.normal(size=(2, 2, 3, 4)), RNG.normal(size=(5, 4))
    optimizer = OPTIMIZERS["muon"](1.0, adam_rate=0.1)
    params = {"conv": {"kernel": jnp.float32(window)}, "tokens": {"table": jnp.float32(table)}}
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    sizes = np.linalg.svd(np.asarray(updates["conv"]["kernel"]).reshape(12, 4), compute_uv=False)
    assert sizes.max() / sizes.min() < 1.8
    # The first step of Adam, looking one step ahead: the rate times 0.9 / (1 - 0.81) + 1 of the
    # gradient's direction, over its own size.
    ahead = 0.9 * 0.1 / (1 - 0.9**2) + 1
    np.testing.assert_allclose(updates["tokens"]["table"], -0.1 * ahead * np.sign(table), rtol=1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_down_a_bowl(name: str) -> None:
    rate = {"sgd": 0.3, "momentum": 0.1, "adamw": 0.1, "lamb": 0.05, "muon": 0.1}[name]
    optimizer = OPTIMIZERS[name](optax.cosine_decay_schedule(rate, 100))
    target = jax.tree.map(jnp.float32, GRADIENTS[0])

    def loss(w):
        gaps = jax.tree.map(lambda a, b: jnp.square(a - b).sum(), w, target)
        return sum(jax.tree.leaves(gaps)) / 2

    def step(carry, _):
        params, state = carry
        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        return (optax.apply_updates(params, updates), state), None

    start = jax.tree.map(jnp.float32, W0)
    (end, _), _ = jax.lax.scan(step, (start, optimizer.init(start)), length=100)
    assert float(loss(end)) < 0.02 * float(loss(start))


def test_clipping_shortens_long_gradients_and_leaves_short_ones() -> None:
    gradient = GRADIENTS[0]
    norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
    for limit, scale in ((norm / 4, 0.25), (norm * 2, 1.0)):
        moved = descend(clipped(sgd(1.0), limit), [gradient])
        expected = W0["kernel"] - scale * gradient["kernel"]
        np.testing.assert_allclose(moved["kernel"], expected, rtol=1e-5, atol=1e-6)


def test_accumulated_batches_move_like_one_batch_of_their_mean() -> None:
    four = descend(accumulated(momentum(RATE), 2), GRADIENTS[:4])
    means = [jax.tree.map(lambda a, b: (a + b) / 2, *GRADIENTS[i : i + 2]) for i in (0, 2)]
    for ours, theirs in zip(
        jax.tree.leaves(four), jax.tree.leaves(descend(momentum(RATE), means)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_label_smoothing_is_cross_entropy_against_softened_targets() -> None:
    logits, targets = jnp.float32(RNG.normal(size=(6, 4))), jnp.array([0, 1, 2, 3, 0, 1])
    soft = 0.9 * np.eye(4)[targets] + 0.1 / 4
    expected = -(soft * np.asarray(jax.nn.log_softmax(logits))).sum(1).mean()
    assert float(cross_entropy(logits, targets, label_smoothing=0.1)) == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: clipped(sgd(1.0), 0.0),
        lambda: accumulated(sgd(1.0), 0),
        lambda: warmup_cosine(1.0, 0),
        lambda: warmup_cosine(1.0, 10, warmup=1.0),
    ],
)
def test_senseless_settings_are_refused(call) -> None:
    with pytest.raises(ArgumentError):
        call()


# ---- through fit

X = RNG.normal(size=(128, 4)).astype(np.float32)
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(np.int64)
PLAIN = sgd(0.1)


def trained(**options):
    model = MLP(MLPConfig((4,), (16,), 2), rngs=nnx.Rngs(0))
    settings = {"epochs": 4, "batch_size": 16, "optimizer": PLAIN, "progress": False} | options
    result = fit(model, X, Y, **settings)
    return np.asarray(model.hidden[0].kernel[...]), result.history


def test_average_is_the_moving_mean_of_the_parameters() -> None:
    def after(rows: np.ndarray) -> np.ndarray:
        model = MLP(MLPConfig((4,), (16,), 2), rngs=nnx.Rngs(0))
        fit(model, X[rows], Y[rows], epochs=1, batch_size=64, optimizer=PLAIN, progress=False)
        return np.asarray(model.hidden[0].kernel[...])

    start = np.asarray(MLP(MLPConfig((4,), (16,), 2), rngs=nnx.Rngs(0)).hidden[0].kernel[...])
    averaged, _ = trained(epochs=1, batch_size=64, average_decay=0.75)
    # The first batch alone, in another order: its mean gradient is the same to float32 rounding.
    first, end = after(epoch_order(0, 1, 128, 64)[0]), after(np.arange(128))
    expected = 0.75 * (0.75 * start + 0.25 * first) + 0.25 * end
    np.testing.assert_allclose(averaged, expected, atol=1e-6)
    assert np.abs(averaged - end).max() > 1e-4


def test_l1_penalty_makes_weights_small_and_is_not_in_the_recorded_loss() -> None:
    free, _ = trained(epochs=20)
    pulled, history = trained(epochs=20, penalty=l1_penalty(0.05))
    assert np.abs(pulled).sum() < 0.5 * np.abs(free).sum()
    assert history.curve("loss")[-1] < 0.7


@pytest.mark.parametrize("precision", [BFLOAT16, FLOAT16], ids=["bfloat16", "float16"])
def test_sixteen_bits_train_nearly_as_well_and_keep_float32_parameters(precision) -> None:
    full, history = trained(epochs=10)
    half, half_history = trained(epochs=10, precision=precision)
    assert half.dtype == np.float32
    assert not np.array_equal(full, half)
    # bfloat16 keeps 8 bits: losses near 0.3 agree to about 1 in 100.
    gap = half_history.curve("loss") - history.curve("loss")
    assert np.abs(gap).max() < 0.02


def test_loss_scale_steps_over_an_overflow_and_grows_back() -> None:
    scale = LossScale(jnp.float32(8.0), jnp.int32(199))
    _, halved, finite = scale.unscaled({"w": jnp.array([jnp.inf])})
    assert (float(halved.factor), int(halved.good_steps), bool(finite)) == (4.0, 0, False)
    gradients, doubled, finite = scale.unscaled({"w": jnp.array([16.0])})
    assert (float(doubled.factor), int(doubled.good_steps), bool(finite)) == (16.0, 0, True)
    assert gradients["w"].tolist() == [2.0]


def test_a_scale_far_too_high_recovers_by_itself() -> None:
    enormous = Precision(jnp.float16, scaled_from=2.0**24)
    half, history = trained(epochs=10, precision=enormous)
    assert np.isfinite(half).all()
    assert history.curve("loss")[-1] < history.curve("loss")[0] - 0.05


def test_plain_precision_changes_nothing() -> None:
    np.testing.assert_array_equal(trained()[0], trained(precision=FLOAT32)[0])
    assert adamw(1e-3).init({"kernel": jnp.ones((2, 2))})
