from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from labkit.errors import ArgumentError, ShapeError, TrainingError
from labkit.models import MLP, MLPConfig, predict
from labkit.train import EarlyStopping, cross_entropy, fit, mean_squared_error, session
from labkit.train.loop import epoch_order

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
SGD = optax.sgd(0.1)


def net(dropout: float = 0.0, seed: int = 0) -> MLP:
    return MLP(MLPConfig((4,), (16,), 2, dropout=dropout), rngs=nnx.Rngs(seed))


def params(model: nnx.Module) -> list[np.ndarray]:
    return [np.asarray(p) for p in jax.tree.leaves(nnx.state(model, nnx.Param))]


def same(first: nnx.Module, second: nnx.Module) -> bool:
    return all(map(np.array_equal, params(first), params(second)))


def run(model: nnx.Module, **options):
    return fit(
        model,
        X,
        Y,
        **{"epochs": 3, "batch_size": 32, "optimizer": SGD, "progress": False} | options,
    )


def test_equals_a_loop_written_out_by_hand() -> None:
    """The whole-epoch program against one plain gradient step after another."""
    model, by_hand = net(), net()
    result = run(model)
    graphdef, state = nnx.split(by_hand)

    def loss(state, x, y):
        return cross_entropy(nnx.merge(graphdef, state)(x), y)

    losses = []
    for epoch in (1, 2, 3):
        for rows in epoch_order(0, epoch, 200, 32):
            value, gradient = jax.value_and_grad(loss)(state, X[rows], jnp.asarray(Y[rows]))
            state = jax.tree.map(lambda p, g: p - 0.1 * g, state, gradient)
            losses.append(value)
    nnx.update(by_hand, state)
    # The same float32 sums, fused differently: a few units in the last place over 18 steps.
    np.testing.assert_allclose(result.history.step_losses, losses, rtol=1e-5)
    for ours, theirs in zip(params(model), params(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_each_epoch_shuffles_anew_and_takes_no_example_twice() -> None:
    first, second = epoch_order(0, 1, 50, 8), epoch_order(0, 2, 50, 8)
    for order in (first, second):
        assert order.shape == (6, 8)
        assert len(np.unique(order)) == 48
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, epoch_order(0, 1, 50, 8))


def test_learns_a_function_no_linear_model_can() -> None:
    model = net()
    result = run(model, epochs=60, optimizer=optax.adam(0.02), validation=(X, Y))
    assert result.history.curve("validation_accuracy")[-1] > 0.95
    assert (predict(model, X).argmax(-1) == Y).mean() == pytest.approx(
        result.history.curve("validation_accuracy")[-1]
    )


def test_regression_by_another_loss_finds_the_known_coefficients() -> None:
    truth = np.array([[1.0], [-2.0], [0.5], [3.0]], np.float32)
    model = MLP(MLPConfig((4,), (), 1), rngs=nnx.Rngs(0))
    fit(
        model,
        X,
        X @ truth + 1,
        epochs=100,
        batch_size=50,
        optimizer=SGD,
        loss=mean_squared_error,
        metrics=(),
        progress=False,
    )
    np.testing.assert_allclose(model.head.kernel[...], truth, atol=1e-4)
    np.testing.assert_allclose(model.head.bias[...], [1.0], atol=1e-4)


def test_result_depends_on_the_seed_alone() -> None:
    first, again, other = net(0.5), net(0.5), net(0.5)
    run(first)
    run(again)
    run(other, seed=1)
    assert same(first, again)
    assert not same(first, other)


def test_history_has_every_epoch_and_every_step() -> None:
    history = run(net(), validation=(X[:50], Y[:50])).history
    assert history.curves == ("loss", "accuracy", "validation_loss", "validation_accuracy")
    assert history.step_losses.shape == (3 * 6,)
    assert history.curve("loss")[1] == pytest.approx(history.step_losses[6:12].mean(), rel=1e-6)
    assert [record.epoch for record in history.epochs] == [1, 2, 3]
    assert type(history).from_json(history.to_json()).epochs == history.epochs
    with pytest.raises(ArgumentError, match="one of loss, accuracy"):
        history.curve("f1")


def test_fewer_examples_than_a_batch_are_one_batch() -> None:
    result = fit(net(), X[:5], Y[:5], epochs=1, batch_size=32, progress=False)
    assert result.history.step_losses.shape == (1,)


def test_augmentation_changes_each_batch_with_its_own_key() -> None:
    def flip(key, inputs):
        return inputs * jax.random.rademacher(key, (len(inputs), 1), inputs.dtype)

    plain, flipped, again = net(), net(), net()
    run(plain)
    run(flipped, augment=flip)
    run(again, augment=flip)
    assert same(flipped, again)
    assert not same(plain, flipped)


def test_early_stopping_ends_at_the_best_epoch_and_goes_back_to_it() -> None:
    model = net()
    # Validation labels are the opposite: every step makes them worse, so the first epoch is best.
    rule = EarlyStopping(patience=2)
    result = run(model, epochs=50, validation=(X, 1 - Y), early_stopping=rule)
    assert (result.ended, result.best_epoch) == ("stopped early", 1)
    assert len(result.history.epochs) == 3
    one_epoch = net()
    run(one_epoch, epochs=1)
    assert same(model, one_epoch)


def test_loss_that_is_not_finite_stops_names_its_step_and_goes_back(tmp_path) -> None:
    poisoned = X.copy()
    poisoned[epoch_order(0, 2, 200, 32)[3][0]] = np.nan
    at = int(np.flatnonzero([np.isnan(poisoned[r]).any() for r in epoch_order(0, 1, 200, 32)])[0])
    model, untouched = net(), net()
    with pytest.raises(TrainingError, match=rf"step {at + 1} \(epoch 1, .* the loss is nan"):
        fit(model, poisoned, Y, epochs=2, batch_size=32, optimizer=SGD, progress=False)
    assert same(model, untouched)


def test_divergence_keeps_the_last_good_epoch_and_its_checkpoint(tmp_path) -> None:
    explodes_in_epoch_2 = optax.sgd(lambda count: jnp.where(count < 8, 0.1, 1e30))
    model, one_epoch = net(), net()
    with pytest.raises(TrainingError, match="end of epoch 1, and the checkpoints are untouched"):
        run(model, optimizer=explodes_in_epoch_2, checkpoint_dir=tmp_path)
    run(one_epoch, epochs=1)
    assert same(model, one_epoch)
    resumed = net()
    run(resumed, epochs=1, optimizer=explodes_in_epoch_2, checkpoint_dir=tmp_path, resume=True)
    assert same(resumed, one_epoch)


@pytest.mark.parametrize(
    ("inputs", "targets", "error", "message"),
    [
        (X, Y[:-1], ShapeError, "targets must be as long as inputs"),
        (X[:, :3], Y, ShapeError, r"shape \(b, 4,\)"),
        (X[:0], Y[:0], ShapeError, "at least one example"),
        (X, Y + 1, TrainingError, "classes 0 to 1, but .* the first is 2 at index"),
        (X, Y - 1, TrainingError, "the first is -1"),
    ],
)
def test_bad_examples_are_refused_before_the_first_step(inputs, targets, error, message) -> None:
    model, untouched = net(), net()
    with pytest.raises(error, match=message):
        fit(model, inputs, targets, epochs=1, progress=False)
    assert same(model, untouched)


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"early_stopping": EarlyStopping()}, "early_stopping"),
    ],
)
def test_bad_plans_are_refused(options, argument) -> None:
    with pytest.raises(ArgumentError, match=argument):
        run(net(), **options)


def test_progress_shows_epoch_loss_and_scores(capsys) -> None:
    run(net(), epochs=2, progress=True, validation=(X, Y))
    shown = capsys.readouterr().err
    assert "epoch 2/2" in shown
    assert "validation accuracy" in shown


def test_watch_sees_the_run_grow_and_end(monkeypatch) -> None:
    monkeypatch.setattr(session, "_CHUNK_S", 0.0)  # one step in a chunk, each shown
    seen = []
    result = run(net(), epochs=2, watch=lambda history: seen.append(history))
    lengths = [len(history.step_losses) for history in seen]
    assert lengths == [*range(1, 13), 12]
    assert [len(history.epochs) for history in seen] == [0] * 6 + [1] * 6 + [2]
    np.testing.assert_array_equal(seen[-1].step_losses, result.history.step_losses)


def test_watch_is_told_the_end_of_a_run_that_fails() -> None:
    seen = []
    with pytest.raises(TrainingError):
        run(net(), optimizer=optax.sgd(1e30), watch=seen.append)
    assert len(seen[-1].epochs) == 0
